/**
 * A media relay without media: rewrites addresses, profile and keys as RTPEngine does, remembers its sessions, and fails
 * when a scenario says so.
 */
import type { Clock } from '../../sbc-runtime/src/kernel/clock.ts';
import { sdpFault } from '../../sbc-runtime/src/media/rtpengine/sdp-fault.ts';
import type {
  AdoptedSession,
  MediaAnswer,
  MediaOffer,
  MediaProfile,
  MediaRelay,
  MediaResult,
} from '../../sbc-runtime/src/media/media-relay.ts';
import type { Ladder } from './ladder.ts';

const RELAY_ADDRESS = '203.0.113.10';
const LATENCY_MS = 1;

export interface RelayOperation {
  readonly verb: 'offer' | 'answer' | 'delete';
  readonly session: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly from?: MediaProfile;
  readonly to?: MediaProfile;
  /** What came in. */
  readonly sdp?: string;
}

export interface OperationExpectation {
  /** Profile of the side that the description goes to. */
  readonly to?: MediaProfile['transport'];
  readonly from?: MediaProfile['transport'];
  /** Part of the description that came in. */
  readonly sdp?: RegExp;
}

interface Session {
  /** One port for each interface: a re-offer keeps it, as a real relay does. */
  readonly ports: Map<string, number>;
}

export class FakeRelay implements MediaRelay {
  available = true;
  readonly operations: RelayOperation[] = [];
  readonly sessions = new Map<string, Session>();
  readonly #clock: Clock;
  readonly #ladder: Ladder;
  readonly #failures: { readonly verb: string; readonly result: MediaResult }[] = [];
  #latencyMs = LATENCY_MS;
  #isSilent = false;
  #ports = 30_000;
  readonly #adopted = new Set<string>();
  #onLost: (sessions: readonly string[]) => void = () => undefined;

  constructor(clock: Clock, ladder: Ladder) {
    this.#clock = clock;
    this.#ladder = ladder;
  }

  // ---- faults, for scenarios

  /** The next operation of this kind is refused. 488: the description is at fault; 503: no ports left. */
  fails(verb: 'offer' | 'answer', status: 488 | 503 = 503, reason = 'refused by the scenario'): void {
    this.#failures.push({ verb, result: { kind: 'refused', reason, status } });
  }

  /** Milliseconds that each request takes from now on. */
  takes(latencyMs: number): void {
    this.#latencyMs = latencyMs;
  }

  /** Does not answer any more; `available` says so at once, as after a failed health check. */
  goesAway(): void {
    this.available = false;
    this.#isSilent = true;
  }

  comesBack(): void {
    this.available = true;
    this.#isSilent = false;
  }

  /** Does not answer, and nobody has noticed yet. */
  hangs(): void {
    this.#isSilent = true;
  }

  // ---- the port

  offer(offer: MediaOffer, done: (result: MediaResult) => void): void {
    this.#note({ verb: 'offer', ...offer });
    this.#answerLater('offer', done, () => {
      const fault = sdpFault(offer.sdp, offer.from.transport);
      if (fault !== undefined) return { kind: 'refused', reason: fault, status: 488 };
      let session = this.sessions.get(offer.session);
      if (!session) {
        session = { ports: new Map() };
        this.sessions.set(offer.session, session);
      }
      return { kind: 'sdp', sdp: this.#rewrite(offer.sdp, offer.to, session) };
    });
  }

  answer(answer: MediaAnswer, done: (result: MediaResult) => void): void {
    this.#note({ verb: 'answer', ...answer });
    this.#answerLater('answer', done, () => {
      const fault = sdpFault(answer.sdp, answer.from.transport);
      if (fault !== undefined) return { kind: 'refused', reason: fault, status: 488 };
      const session = this.sessions.get(answer.session);
      if (!session) return { kind: 'refused', reason: 'Unknown call-id', status: 488 };
      return { kind: 'sdp', sdp: this.#rewrite(answer.sdp, answer.to, session) };
    });
  }

  delete(session: string): void {
    this.#note({ verb: 'delete', session });
    // As the real adapter: the requests of one session one after the other, so that no offer comes after its delete.
    this.#clock.after(this.#latencyMs, () => this.sessions.delete(session));
  }

  nameOf(session: string): string {
    return `relay:${session}`;
  }

  /** What nobody adopts before the new process asks for anything goes, as after a sweep. */
  adopt({ session }: AdoptedSession): void {
    this.#adopted.add(session);
  }

  tellLost(onLost: (sessions: readonly string[]) => void): void {
    this.#onLost = onLost;
  }

  /** A process of the SBC has started: what it has not adopted is swept, and what it has adopted in vain is told. */
  isSwept(): void {
    for (const session of this.sessions.keys()) if (!this.#adopted.has(session)) this.sessions.delete(session);
    const lost = [...this.#adopted].filter((session) => !this.sessions.has(session));
    this.#adopted.clear();
    if (lost.length > 0) this.#onLost(lost);
  }

  /** Killed and started anew: its sessions are gone, and the SBC notices. */
  isKilled(): void {
    const lost = [...this.sessions.keys()];
    this.sessions.clear();
    this.#onLost(lost);
  }

  #note(operation: RelayOperation): void {
    if (!this.#ladder.isKept) return;
    this.operations.push(operation);
    this.#ladder.add({ atMs: this.#clock.nowMs(), from: 'sbc', to: 'relay', title: operation.verb });
  }

  #answerLater(verb: string, done: (result: MediaResult) => void, succeed: () => MediaResult): void {
    this.#clock.after(this.#latencyMs, () => {
      const at = this.#failures.findIndex((each) => each.verb === verb);
      const failure = this.#failures.splice(at, at < 0 ? 0 : 1)[0];
      const unavailable: MediaResult = { kind: 'unavailable', reason: 'no answer from the relay' };
      done(this.#isSilent ? unavailable : (failure?.result ?? succeed()));
    });
  }

  #rewrite(sdp: string, to: MediaProfile, session: Session): string {
    let port = session.ports.get(to.interface);
    if (port === undefined) {
      port = this.#ports += 2;
      session.ports.set(to.interface, port);
    }
    const address = to.advertisedAddress ?? RELAY_ADDRESS;
    const lines: string[] = [];
    for (const line of sdp.split('\r\n')) {
      if (line.startsWith('a=crypto:') || line.startsWith('a=rtcp') || line.startsWith('a=candidate:')) continue;
      if (line.startsWith('o=')) lines.push(line.replace(/\S+$/, address));
      else if (line.startsWith('c=')) lines.push(`c=IN IP4 ${address}`);
      else if (line.startsWith('m=audio ')) {
        lines.push(line.replace(/^m=audio \d+ \S+/, `m=audio ${port} ${to.transport}`));
        if (to.transport === 'RTP/SAVP')
          lines.push('a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2FtZSBrZXkgZm9yIHRoZSB3aG9sZSBjYWxsIHRlc3Q=');
        if (to.rtcpMux !== 'demux' && to.transport === 'RTP/SAVP') lines.push('a=rtcp-mux');
      } else lines.push(line);
    }
    return lines.join('\r\n');
  }
}
