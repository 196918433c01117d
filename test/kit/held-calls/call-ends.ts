/** Teams and a PBX in one process: both ends of every call, so that what one sends is compared with what the other hears. */
import type { PlacedCall, TeamsSimulator } from '../../teams-simulator/teams-simulator.ts';
import type { TeamsCall } from '../../teams-simulator/teams-call.ts';
import { legOf } from './call-media.ts';
import { MediaDesk } from './media-desk.ts';
import { nowMs } from './media-words.ts';
import type { PbxCall } from './pbx-call.ts';
import type { PbxLine } from './pbx-line.ts';

export interface CallEndsOptions {
  /** Started; its `onCall` is used from now on. Calls that nobody here expects go to what it was before. */
  readonly simulator: TeamsSimulator;
  /** Opened before the SBC starts: its first OPTIONS are to be answered. Its owner closes it. */
  readonly pbx: PbxLine;
  /** Between two packets of each side of each call. @default 20 */
  readonly packetMs?: number;
  /** A called side rings that long. @default 100 */
  readonly ringMs?: number;
}

export type From = 'teams' | 'pbx';

export interface Placing {
  readonly from: From;
  /** From Teams: the FQDN and port of the trunk. From the PBX: host and port. */
  readonly sbc: string;
  /** @default 20 000 */
  readonly withinMs?: number;
}

/** Both legs of one call. */
export interface Pair {
  readonly number: string;
  readonly teams: TeamsCall;
  readonly pbx: PbxCall;
}

/** Numbers end in six digits of their own, by which the two legs of a call find each other whatever was done to the rest. */
const OWN_DIGITS = 6;
const PREFIX = { teams: '+49305', pbx: '+49891' };
const CALLER = { teams: '+4989111111', pbx: '+493055555' };
const LOOK_AT_MEDIA_MS = 250;

type Called = { readonly kind: 'teams'; readonly call: TeamsCall } | { readonly kind: 'pbx'; readonly call: PbxCall };

interface Flowing extends Pair {
  readonly ids: { readonly teams: number; readonly pbx: number };
  described: string;
}

export class CallEnds {
  readonly simulator: TeamsSimulator;
  readonly pbx: PbxLine;
  readonly media: MediaDesk;
  readonly #ringMs: number;
  readonly #expected = new Map<string, (called: Called) => void>();
  readonly #flowing = new Set<Flowing>();
  readonly #onTeamsCall: TeamsSimulator['onCall'];
  readonly #look: NodeJS.Timeout;
  #numbers = 100_000;
  #ids = 1_000_000;

  private constructor({ simulator, pbx, ringMs = 100, packetMs = 20 }: CallEndsOptions) {
    this.simulator = simulator;
    this.pbx = pbx;
    this.media = new MediaDesk(packetMs);
    this.#ringMs = ringMs;
    this.#onTeamsCall = simulator.onCall;
    simulator.onCall = (call) => this.#onTeams(call);
    const onOther = pbx.onCall;
    pbx.onCall = (call) => this.#onPbx(call, onOther);
    this.#look = setInterval(() => this.#describeAnew(), LOOK_AT_MEDIA_MS);
  }

  static async open(options: CallEndsOptions): Promise<CallEnds> {
    const ends = new CallEnds(options);
    try {
      const { simulator } = options;
      await Promise.all(simulator.dataCentres.map((each) => ends.media.bind(simulator.mediaOf(each))));
      await ends.media.bind(ends.pbx.media);
      return ends;
    } catch (error) {
      await ends.close();
      throw error;
    }
  }

  /** The media end; calls that are up are not hung up. Simulator and PBX are their owner's. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    this.simulator.onCall = this.#onTeamsCall;
    await this.media.close();
  }

  /** A number that nobody has called before. */
  newNumber(from: From): string {
    return PREFIX[from] + String(++this.#numbers);
  }

  /** Places a call and resolves when both ends have answered. Rejects where it is refused or not answered in time. */
  async connect({ from, sbc, withinMs = 20_000 }: Placing): Promise<Pair> {
    const number = this.newNumber(from);
    const called = this.#expect(number);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`Not answered in ${withinMs} ms`)), withinMs);
    try {
      if (from === 'teams') return await Promise.race([this.#fromTeams(number, sbc, called), late.promise]);
      return await Promise.race([this.#fromPbx(number, sbc, called), late.promise]);
    } finally {
      clearTimeout(timer);
      this.#expected.delete(number.slice(-OWN_DIGITS));
    }
  }

  /** As the simulator's `call`, to a number whose PBX side answers. */
  placedByTeams(sbc: string, number: string): PlacedCall {
    return { sbc, to: number, from: CALLER.teams };
  }

  placeFromPbx(sbc: string, number: string): PbxCall {
    return this.pbx.call({ sbc, to: number, from: CALLER.pbx });
  }

  /** From now on both sides of it send, and hear each other. Resolves with the ids of its ends. */
  async flow(pair: Pair): Promise<Flowing['ids']> {
    const ids = { teams: ++this.#ids, pbx: ++this.#ids };
    const flowing = { ...pair, ids, described: '' };
    this.#flowing.add(flowing);
    await this.#set(flowing);
    return ids;
  }

  /** No more packets of it. */
  async still(ids: Flowing['ids']): Promise<void> {
    for (const flowing of this.#flowing) if (flowing.ids === ids) this.#flowing.delete(flowing);
    await this.media.end([ids.teams, ids.pbx], nowMs());
  }

  // ---- both legs of a call

  async #fromTeams(number: string, sbc: string, called: Promise<Called>): Promise<Pair> {
    const teams = await this.simulator.call(this.placedByTeams(sbc, number));
    await teams.answered;
    const { kind, call } = await called;
    if (kind !== 'pbx') throw new Error(`The call to ${number} came back to Teams`);
    return { number, teams, pbx: call };
  }

  async #fromPbx(number: string, sbc: string, called: Promise<Called>): Promise<Pair> {
    const pbx = this.placeFromPbx(sbc, number);
    await pbx.answered;
    const { kind, call } = await called;
    if (kind !== 'teams') throw new Error(`The call to ${number} came back to the PBX`);
    await call.answered;
    return { number, teams: call, pbx };
  }

  #expect(number: string): Promise<Called> {
    return new Promise((resolve) => this.#expected.set(number.slice(-OWN_DIGITS), resolve));
  }

  #onTeams(call: TeamsCall): void {
    const number = /^sip:([^@;]*)/.exec(call.invite.uri ?? '')?.[1] ?? '';
    const expected = this.#expected.get(number.slice(-OWN_DIGITS));
    if (!expected && !number.startsWith(PREFIX.pbx)) {
      this.#onTeamsCall(call);
      return;
    }
    call.ring();
    setTimeout(() => {
      if (call.state === 'Calling') call.answer();
    }, this.#ringMs);
    expected?.({ kind: 'teams', call });
  }

  #onPbx(call: PbxCall, onOther: PbxLine['onCall']): void {
    const expected = this.#expected.get(call.number.slice(-OWN_DIGITS));
    if (!expected && !call.number.startsWith(PREFIX.teams)) {
      onOther(call);
      return;
    }
    call.ring();
    setTimeout(() => call.answer(), this.#ringMs);
    expected?.({ kind: 'pbx', call });
  }

  // ---- media

  #describeAnew(): void {
    for (const flowing of this.#flowing) if (flowing.described !== describedOf(flowing)) void this.#set(flowing);
  }

  async #set(flowing: Flowing): Promise<void> {
    const { teams, pbx, ids } = flowing;
    flowing.described = describedOf(flowing);
    const atTeams = legOf(ids.teams, ids.pbx, { local: teams.localSdp, remote: teams.remoteSdp });
    const atPbx = legOf(ids.pbx, ids.teams, { local: pbx.localSdp, remote: pbx.remoteSdp });
    await Promise.all([this.media.set(atTeams), this.media.set(atPbx)]);
  }
}

const describedOf = ({ teams, pbx }: Pair): string =>
  [teams.localSdp, teams.remoteSdp, pbx.localSdp, pbx.remoteSdp].join('\n');
