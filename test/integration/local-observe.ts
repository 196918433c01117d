/** What a running pod shows to the outside: metrics, status, log, the sessions of its RTPEngine; and a patient look at any of it. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseRuntimeReport, type RuntimeReport } from '@teams-sbc/crds/runtime';
import { decodeBencode, encodeBencode, isDictionary, isList } from '../../sbc-runtime/src/media/rtpengine/bencode.ts';
import type { Baresip } from '../kit/baresip.ts';
import type { LocalEvent, LocalSbc } from '../kit/local-sbc.ts';
import { listenTo } from '../kit/tone.ts';

const HTTP_PORT = 8080;
const CONTROL_PORT = 2223;
const LOOK_AGAIN_MS = 25;

/** Asks until the answer holds. Fails with what was last seen. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const seen = await ask();
    if (holds(seen)) return seen;
    if (performance.now() >= endMs) throw new Error(`Not in ${withinMs} ms: ${what}; seen: ${JSON.stringify(seen)}`);
    await pause(LOOK_AGAIN_MS);
  }
}

/** What `sbc local` says after `act`, not before. */
export async function eventAfter(
  sbc: LocalSbc,
  act: () => unknown,
  wanted: (event: LocalEvent) => boolean,
  withinMs = 15_000,
): Promise<LocalEvent> {
  const before = sbc.events.length;
  await act();
  const find = () => sbc.events.slice(before).find(wanted);
  await eventually(
    'an event of sbc local',
    () => find() ?? sbc.events.slice(before),
    () => find() !== undefined,
    withinMs,
  );
  return find()!;
}

/** Waits until a phone's newest recording holds two seconds of a tone, while the call goes on. `earlier`: how many recordings are of calls before this one. */
export async function hears(phone: Baresip, hertz: number, earlier = 0): Promise<void> {
  const { heard } = await eventually(
    'a new recording',
    () => phone.recordings(),
    (recordings) => recordings.heard.length > earlier,
  );
  await eventually(
    `${hertz} Hz in ${heard.at(-1)!}`,
    () => listenTo(heard.at(-1)!, hertz),
    (verdict) => verdict.heard,
  );
}

/** Waits until two more seconds of the tone have come in than there were when it was asked: the sound goes on. */
export async function stillHears(phone: Baresip, hertz: number): Promise<void> {
  const now = () => listenTo(phone.recordings().heard.at(-1)!, hertz).good;
  const before = now();
  await eventually(`more of ${hertz} Hz than ${before} half seconds`, now, (good) => good >= before + 4);
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

export class Pod {
  readonly address: string;
  readonly #sbc: LocalSbc;
  readonly #name: string;

  constructor(sbc: LocalSbc, address: string, name = 'sbc-0') {
    this.#sbc = sbc;
    this.address = address;
    this.#name = name;
  }

  /** Of the process that was ready last. */
  pid(container: 'runtime' | 'rtpengine'): number {
    return this.#ready(container).pid!;
  }

  /** One number: the sum of the samples that carry these labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const response = await fetch(`http://${this.address}:${HTTP_PORT}/metrics`);
    let sum = 0;
    for (const line of (await response.text()).split('\n')) {
      if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue;
      const isWanted = Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`));
      if (isWanted) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  }

  /** Waits until a counter or gauge reaches what the test says. */
  metricIs(name: string, labels: Readonly<Record<string, string>>, wanted: number): Promise<number> {
    return eventually(
      `${name} ${JSON.stringify(labels)} is ${wanted}`,
      () => this.metric(name, labels),
      (value) => value === wanted,
    );
  }

  async status(): Promise<RuntimeReport> {
    const parsed = parseRuntimeReport(await this.#sbc.ask('status', '--output=json', `--pod=${this.#name}`));
    if (!parsed.ok) throw new Error(`No report: ${JSON.stringify(parsed)}`);
    return parsed.report;
  }

  /** Lines of the runtime's log so far; a runtime that is started again appends to it. */
  log(): LogLine[] {
    return readFileSync(this.#ready('runtime').log!, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  async logHas(message: string, facts: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    const find = () =>
      this.log().find(
        (line) => line.message === message && Object.entries(facts).every(([name, value]) => line[name] === value),
      );
    await eventually(`${message} ${JSON.stringify(facts)} in the log`, find, (line) => line !== undefined);
    return find()!;
  }

  /** The Call-IDs that RTPEngine has a session for, asked over its NG port as our runtime does. */
  mediaSessions(): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      const cookie = `look${process.hrtime.bigint()}`;
      const late = setTimeout(() => finish(() => reject(new Error('RTPEngine does not answer'))), 5000);
      const finish = (end: () => void) => {
        clearTimeout(late);
        socket.close();
        end();
      };
      socket.once('error', (error) => finish(() => reject(error)));
      socket.on('message', (datagram) => {
        const answer = decodeBencode(datagram.toString('latin1', cookie.length + 1));
        const calls = isDictionary(answer) && isList(answer['calls']) ? answer['calls'] : [];
        finish(() => resolve(calls.map(String)));
      });
      socket.send(`${cookie} ${encodeBencode({ command: 'list', limit: 500 })}`, CONTROL_PORT, this.address);
    });
  }

  /** No call, no session, no dialog: nothing is left over. */
  async isEmpty(): Promise<void> {
    await this.metricIs('sbc_calls_active', {}, 0);
    await eventually(
      'RTPEngine has no session',
      () => this.mediaSessions(),
      (sessions) => sessions.length === 0,
    );
  }

  #ready(container: string): LocalEvent {
    const wanted = this.#sbc.events.findLast(
      (event) => event.event === 'ready' && event.pod === this.#name && event.container === container,
    );
    if (!wanted) throw new Error(`${this.#name}/${container} was never ready`);
    return wanted;
  }
}
