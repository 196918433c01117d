/** `teams-simulator`: Microsoft's side of Direct Routing as a program. Reads arguments, prints, exits; the rest is a library. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DataCentre } from './connection.ts';
import { line, type Noted, type Recorded } from './log.ts';
import { TeamsSimulator } from './teams-simulator.ts';

const HELP = `teams-simulator: plays Microsoft Teams for a session border controller

Usage
  teams-simulator serve [options]                       data centres that answer OPTIONS and calls until Ctrl-C
  teams-simulator call --sbc FQDN:PORT --to NUMBER [options]   the same, and one call to the SBC; exit code 0 if it was answered

Options
  --data-centre HOST=ADDRESS[:PORT]  a data centre, once for each; the first places calls (port 5061)
  --cert FILE  --key FILE            its certificate with the chain, and its key (PEM); for both roles
  --ca FILE                          roots that the SBC's certificate must chain to (PEM)
  --host NAME=ADDRESS                a name of the SBC that DNS does not know, once for each
  --media ADDRESS:PORT               where SDP points to (it has no sound of its own)
  --options-period SECONDS           between its own OPTIONS to a trunk that has sent one; 0: none (60)
  --answer-after MS                  from ringing to answer of calls from the SBC (150)
  --reject STATUS                    refuses calls from the SBC instead
  --from NUMBER                      who calls (+18338006777)
  --talk SECONDS                     length of a placed call once it is answered (2)
  --hold SECONDS                     put the placed call on hold for as long in between
  --output text|json                 json: one object a line
  --help
`;

const { values, positionals } = readArguments();

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        'data-centre': { type: 'string', multiple: true },
        cert: { type: 'string' },
        key: { type: 'string' },
        ca: { type: 'string' },
        host: { type: 'string', multiple: true },
        media: { type: 'string' },
        'options-period': { type: 'string' },
        'answer-after': { type: 'string' },
        reject: { type: 'string' },
        sbc: { type: 'string' },
        to: { type: 'string' },
        from: { type: 'string' },
        talk: { type: 'string' },
        hold: { type: 'string' },
        output: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(words: string): never {
  process.stderr.write(`teams-simulator: ${words}; see teams-simulator --help\n`);
  process.exit(2);
}

function pair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : fail(`${text} has no NAME=ADDRESS`);
}

function addressAndPort(text: string, port: number): { address: string; port: number } {
  const [address = '', given] = text.split(':');
  return { address, port: number(given) ?? port };
}

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : fail(`${text} is not a number`);
}

function file(name: 'cert' | 'key' | 'ca'): string {
  const path = values[name];
  if (path === undefined) return fail(`--${name} is missing`);
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    return fail(`Cannot read --${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function print(kind: string, facts: Record<string, unknown>, words: string): void {
  process.stdout.write(values.output === 'json' ? `${JSON.stringify({ event: kind, ...facts })}\n` : `${words}\n`);
}

function printEntry(entry: Recorded | Noted): void {
  if ('text' in entry) {
    const { message, ...facts } = entry;
    print('message', { ...facts, method: message.method, status: message.status }, line(entry));
  } else {
    print(
      entry.kind,
      { ...entry },
      `${String(entry.atMs).padStart(7)} ms  ${entry.dataCentre}  ${entry.kind}: ${entry.detail}`,
    );
  }
}

function simulator(): TeamsSimulator {
  const dataCentres = (values['data-centre'] ?? []).map((text): DataCentre => {
    const [host, at] = pair(text);
    return { host, ...addressAndPort(at, 5061) };
  });
  const [first, ...others] = dataCentres;
  if (!first) return fail('--data-centre is missing');
  const periodSeconds = number(values['options-period']);
  const made = new TeamsSimulator({
    dataCentres: [first, ...others],
    identity: { certificate: file('cert'), key: file('key') },
    trust: file('ca'),
    hosts: Object.fromEntries((values.host ?? []).map(pair)),
    ...(values.media === undefined ? {} : { media: addressAndPort(values.media, 50_000) }),
    ...(periodSeconds === undefined ? {} : { optionsPeriodMs: periodSeconds * 1000 }),
  });
  const reject = number(values.reject);
  const answerAfterMs = number(values['answer-after']) ?? 150;
  made.onCall = (call) => {
    call.ring();
    void sleep(answerAfterMs).then(() => {
      if (call.state !== 'Calling') return;
      if (reject === undefined) call.answer();
      else call.reject(reject);
    });
  };
  made.log.onEntry = printEntry;
  return made;
}

async function serve(): Promise<void> {
  const made = await started();
  print('ready', {}, 'ready');
  const stop = () => void made.stop().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

async function call(): Promise<void> {
  if (values.sbc === undefined || values.to === undefined) fail('call needs --sbc and --to');
  const made = await started();
  let code = 0;
  try {
    const placed = await made.call({
      sbc: values.sbc,
      to: values.to,
      ...(values.from === undefined ? {} : { from: values.from }),
    });
    await placed.answered;
    await sleep((number(values.talk) ?? 2) * 1000);
    const holdSeconds = number(values.hold) ?? 0;
    if (holdSeconds > 0) {
      await placed.hold();
      await sleep(holdSeconds * 1000);
      await placed.resume();
    }
    await placed.bye();
    print('answered', { callId: placed.callId }, 'answered and ended');
  } catch (error) {
    print('failed', { reason: String(error) }, `failed: ${error instanceof Error ? error.message : String(error)}`);
    code = 1;
  }
  await made.stop();
  process.exit(code);
}

async function started(): Promise<TeamsSimulator> {
  const made = simulator();
  try {
    await made.start();
  } catch (error) {
    fail(`Cannot listen: ${error instanceof Error ? error.message : String(error)}`);
  }
  return made;
}

const [command] = positionals;
if (values.help === true || command === 'help' || process.argv.length <= 2) process.stdout.write(HELP);
else if (command === 'serve') await serve();
else if (command === 'call') await call();
else fail(command === undefined ? 'serve or call is missing' : `${command} is neither serve nor call`);
