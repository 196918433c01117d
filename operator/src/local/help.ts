/** What `sbc help` prints. */
export const helpText = `sbc: Microsoft Teams Direct Routing from manifests

  sbc local DIRECTORY          run what the manifests say on this machine: check, start, follow changes, drain at the end
  sbc status DIRECTORY         what each pod serves: routing state, trunks and their targets, certificates, calls
  sbc calls DIRECTORY          recent calls of each pod
  sbc ladder DIRECTORY [CALL]  the messages of a call, as a ladder; without CALL the last one
  sbc validate DIRECTORY       check the manifests, start nothing
  sbc plan DIRECTORY           print what the operator would make of them, as YAML
  sbc help                     this text

DIRECTORY holds *.yaml, *.yml and *.json: SbcInstance, TeamsTrunk, PbxTrunk, and the Secrets and ConfigMaps that they name.
An address of the pod is an address of this machine (spec.network.addresses, such as 127.0.0.10).

  --run-directory=PATH         where pods keep their files; default $TMPDIR/teams-sbc-<uid>/<hash of DIRECTORY>
  -o, --output=text|json       json: one object a line (local), or the answer as it came (status, calls)
  --log=file|inherit           logs of the pods: in the run directory, or to standard error
  --messages                   ladder: the whole messages as well, without keys and passwords
  --pod=NAME                   status, calls, ladder: of one pod only

While 'sbc local' runs: SIGINT or SIGTERM drains (no new calls, running calls end), a second one ends the calls now.

Exit codes: 0 done, 1 a problem with the manifests or this machine (one line each on standard error), 2 wrong use.`;
