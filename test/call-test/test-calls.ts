/** The calls of the test: this process is Teams and the PBX, and compares what one says with what the other hears. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CallEnds, type From, type Pair } from '../kit/held-calls/call-ends.ts';
import { nowMs, type LegReport } from '../kit/held-calls/media-words.ts';
import { PbxLine } from '../kit/held-calls/pbx-line.ts';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import type { CallCertificates } from './certificates.ts';
import { SBC_FQDN, TEAMS_HOST } from './objects.ts';
import { StepFailed } from './report.ts';

const TALK_MS = 2000;
const PACKET_MS = 20;
/** Of the packets that were sent. */
const ENOUGH = 0.8;
const ENDS_WITHIN_MS = 5000;

const sides = { teams: 'Teams', pbx: 'the PBX' } as const;

export class TestCalls {
  readonly #simulator: TeamsSimulator;
  readonly #pbx: PbxLine;
  readonly #ends: CallEnds;
  /** What Microsoft's DNS would say; filled when the SBC has its address. */
  readonly #hosts: Record<string, string>;
  readonly #signal: AbortSignal;

  private constructor(
    parts: { simulator: TeamsSimulator; pbx: PbxLine; ends: CallEnds },
    hosts: Record<string, string>,
    signal: AbortSignal,
  ) {
    this.#simulator = parts.simulator;
    this.#pbx = parts.pbx;
    this.#ends = parts.ends;
    this.#hosts = hosts;
    this.#signal = signal;
  }

  /** Teams and the PBX listen on the pod's address. */
  static async open(address: string, { root, teams }: CallCertificates, signal: AbortSignal): Promise<TestCalls> {
    const hosts: Record<string, string> = {};
    const simulator = new TeamsSimulator({
      dataCentres: [{ host: TEAMS_HOST, address, proxyHost: TEAMS_HOST }],
      ...{ identity: teams, trust: root, hosts, optionsPeriodMs: 0 },
    });
    const [, pbx] = await Promise.all([simulator.start(), PbxLine.open({ address })]);
    const ends = await CallEnds.open({ simulator, pbx, packetMs: PACKET_MS });
    return new TestCalls({ simulator, pbx, ends }, hosts, signal);
  }

  async close(): Promise<void> {
    await this.#ends.close();
    await Promise.all([this.#simulator.stop(), this.#pbx.close()]);
  }

  /** Resolves with what was seen, a line each. @throws StepFailed */
  async call(from: From, sbcAddress: string): Promise<string[]> {
    this.#hosts[SBC_FQDN] = sbcAddress;
    const to: From = from === 'teams' ? 'pbx' : 'teams';
    const title = `${sides[from]} calls ${sides[to]}`;
    const startMs = nowMs();
    const pair = await this.#connect(from, sbcAddress, title);
    const seen = [`${title}: answered after ${Math.round(nowMs() - startMs)} ms`];
    const ids = await this.#ends.flow(pair);
    try {
      seen.push(await this.#sound(ids, title));
      if (from === 'teams') seen.push(await this.#hold(pair, ids, title));
    } finally {
      await this.#ends.still(ids);
    }
    await this.#hangUp(pair, from, title);
    return [...seen, `${title}: ${sides[from]} hangs up, and ${sides[to]} knows`];
  }

  async #connect(from: From, sbcAddress: string, title: string): Promise<Pair> {
    try {
      return await this.#ends.connect({ from, sbc: from === 'teams' ? `${SBC_FQDN}:5061` : `${sbcAddress}:5060` });
    } catch (error) {
      const port = from === 'teams' ? 'TCP 5061' : 'UDP 5060';
      throw new StepFailed(
        `${title}: ${error instanceof Error ? error.message : String(error)}`,
        `See that nothing between the pods, such as a NetworkPolicy, blocks ${port} to ${sbcAddress}`,
        'What the SBC says of the call is in the log of its container runtime',
      );
    }
  }

  async #sound(ids: { teams: number; pbx: number }, title: string): Promise<string> {
    const look = async () => (await this.#ends.media.ask({ ids: [ids.teams, ids.pbx], fromMs: 0, toMs: nowMs() })).legs;
    const before = await look();
    await sleep(TALK_MS, undefined, { signal: this.#signal });
    const heard = (await look()).map((leg, at) => heardSince(before[at], leg, leg.id === ids.teams ? 'teams' : 'pbx'));
    const words = `${title}: ${heard.map((each) => each.words).join(', ')}`;
    if (heard.length === 2 && heard.every(({ isEnough }) => isEnough)) return words;
    throw new StepFailed(
      words,
      'See that nothing between the pods, such as a NetworkPolicy, blocks UDP 30000 to 30039 (the SBC), 41000 and 50000 (the test)',
      'What RTPEngine says is in the log of the container rtpengine',
    );
  }

  async #hold(pair: Pair, ids: { teams: number; pbx: number }, title: string): Promise<string> {
    const held = (await pair.teams.hold()).status ?? 0;
    const resumed = (await pair.teams.resume()).status ?? 0;
    if (held !== 200 || resumed !== 200)
      throw new StepFailed(`${title}: hold was answered ${held}, resume ${resumed}; both want 200`);
    await this.#sound(ids, `${title}, after hold and resume`);
    return `${title}: hold, resume, and the sound is back`;
  }

  async #hangUp({ teams, pbx }: Pair, by: From, title: string): Promise<void> {
    const other = by === 'teams' ? pbx.ended : teams.ended;
    await (by === 'teams' ? teams.bye() : pbx.bye());
    const late = sleep(ENDS_WITHIN_MS, 'late' as const, { signal: this.#signal });
    if ((await Promise.race([other, late])) === 'late')
      throw new StepFailed(`${title}: the other side was not hung up in ${ENDS_WITHIN_MS / 1000} s`);
  }
}

/** What was sent between two looks, and how much of it came. */
function heardSince(before: LegReport | undefined, leg: LegReport, side: From) {
  const sent = leg.sentTo - (before?.sentTo ?? 0);
  const heard = Math.min(sent, leg.heard - (before?.heard ?? 0));
  const garbled = leg.garbled - (before?.garbled ?? 0);
  return {
    isEnough: sent > 0 && heard >= ENOUGH * sent && garbled === 0,
    words: `${sides[side]} heard ${heard} of ${sent} packets${garbled > 0 ? `, ${garbled} garbled` : ''}`,
  };
}
