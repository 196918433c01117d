/** What `teams-simulator --help` says. */
export const HELP = `teams-simulator: plays Microsoft Teams Direct Routing for a session border controller, and tells what of its demands is kept

Usage
  teams-simulator serve [options]                          data centres that answer OPTIONS and calls until Ctrl-C
  teams-simulator call --sbc FQDN:PORT --to NUMBER [options]   the same, and one call to the SBC
  teams-simulator script FILE... --sbc FQDN:PORT [options]     the same, and call ladders from files
  teams-simulator requirements                             what it can judge, one line each

Data centres and certificates
  --data-centre HOST=ADDRESS[:PORT]  a data centre, once for each; the first places calls (port 5061)
  --certificates DIRECTORY           ca.crt, microsoft.crt and microsoft.key in it; made there, with sbc.crt and sbc.key
                                     for the names of --host and --sbc, where there is no ca.crt
  --cert FILE  --key FILE  --ca FILE instead: its chain and key for both roles, and the roots of the SBC's (PEM)
  --host NAME=ADDRESS                a name of the SBC that DNS does not know, once for each

How it behaves
  --settings FILE                    tenants, their domains, users and how they take calls (YAML or JSON)
  --media ADDRESS:PORT               where SDP points to (it has no sound of its own)
  --options-period SECONDS           between its own OPTIONS to a trunk that has sent one; 0: none (60)
  --health-window SECONDS            without OPTIONS for that long a trunk is demoted (180)
  --refuse-demoted                   calls to a demoted trunk are not placed
  --lenient                          takes INVITEs that Microsoft refuses
  --answer-after MS                  from ringing to answer of calls from the SBC (150)
  --reject STATUS                    refuses calls from the SBC instead

Calls and scripts
  --sbc FQDN:PORT[,FQDN:PORT]        whom it calls; several are a voice route, healthy ones first
  --from NUMBER                      who calls (+18338006777)
  --talk SECONDS                     length of a placed call once it is answered (2)
  --hold SECONDS                     put the placed call on hold for as long in between
  --refer                            transfer the placed call by REFER instead of hanging up
  --wait SECONDS                     a call or script begins once each data centre has had OPTIONS of the SBC, or after
                                     that long (70)
  --set NAME=VALUE                   a variable of the scripts: number, user
  --prompt-patience SECONDS          how long a person may take for what a script asks (60)

Output
  --output text|json                 json: one object a line
  --report                           at the end: each demand with kept, broken or not seen, and the message that broke it
  --help

Exit codes: 0 all went well; 1 a call was not answered, a script failed or, with --report, a demand is broken (by teams-sbc
itself still R-13: no replaces in Supported); 2 wrong use, or it cannot start.

Examples
  teams-simulator serve --certificates work/certs --host sbc-0.voice.example.com=127.0.0.10 --report \\
    --data-centre sip.pstnhub.microsoft.com=127.0.0.21 --data-centre sip2.pstnhub.microsoft.com=127.0.0.22
  teams-simulator script test/teams-simulator/scripts/fork.yaml --sbc sbc-0.voice.example.com:5061 \\
    --set user=+4989111111 --certificates work/certs --host sbc-0.voice.example.com=127.0.0.10 \\
    --data-centre sip.pstnhub.microsoft.com=127.0.0.21 --data-centre sip2.pstnhub.microsoft.com=127.0.0.22

docs/teams-simulator.md has the rest.
`;
