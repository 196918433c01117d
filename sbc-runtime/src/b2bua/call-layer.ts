/** The table of calls: who may place one, which trunk it came in on, where it may go (RFC 3261 §8.2, §13.3.1). */
import type { Random } from '../kernel/random.ts';
import type { IncomingInvite } from '../dialog/invite-user.ts';
import { callParties, refusalOfParties } from '../peers/parties.ts';
import type { CallParties, Peer } from '../peers/peer.ts';
import { ANONYMOUS, type CallRouter } from '../routing/route.ts';
import { composeOffer, usualCodecs } from '../sdp/compose-offer.ts';
import { detached } from '../sip/detached.ts';
import type { Hop } from '../sip/hop.ts';
import { hasOptionTag } from '../sip/option-tag.ts';
import { failoverOf, routedAttempts, simpleAttempts } from './attempts.ts';
import { Call } from './call.ts';
import type { CallEnd } from './call-end.ts';
import { callOfSession } from './call-media.ts';
import type { Attempt, CallDeps, CallRecord } from './call-ports.ts';
import { fullBucket, takeToken, type CallBucket, type CallLimits } from './limits.ts';
import type { Failover } from './call-state.ts';
import { readableNumber } from './peer-words.ts';
import { refusalOf, type Refusal } from './refusal.ts';
import { sdpBody } from './sdp-body.ts';
import { endFound, openRecord, takeOver, type FoundCalls } from './take-over.ts';

/** What the routing-state document says to calls; replaced as a whole. Calls keep the peers and attempts that they started with. */
export interface CallPlan {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly router: CallRouter;
  readonly limits: CallLimits;
  readonly ringTimeoutMs: number;
}

export interface CallLayerDeps extends CallDeps {
  readonly random: Random;
  /** The targets of a peer in the order in which to try them. */
  readonly orderTargets: (hops: readonly Hop[]) => readonly Hop[];
}

/** Retry-After where we are full or leave. Teams: it tries the tenant's other SBCs at once anyway. */
const RETRY_AFTER_SECONDS = 10;

export class CallLayer {
  readonly #deps: CallLayerDeps;
  readonly #calls = new Map<string, Call>();
  #plan: CallPlan;
  #bucket: CallBucket;
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  constructor(deps: CallLayerDeps, plan: CallPlan) {
    this.#deps = deps;
    this.#plan = plan;
    this.#bucket = fullBucket(plan.limits, deps.clock.nowMs());
    deps.relay.tellLost((sessions) => this.#mediaLost(sessions));
  }

  get size(): number {
    return this.#calls.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  apply(plan: CallPlan): void {
    this.#plan = plan;
  }

  /** New calls get 503 from now on; `onEmpty` is called once the last call is over, at once where there is none. */
  drain(onEmpty: () => void): void {
    this.#isDraining = true;
    this.#onEmpty = onEmpty;
    if (this.#calls.size === 0) this.#emptied();
  }

  /** Ends all calls: the drain deadline has passed, or somebody is in a hurry. */
  endAll(end: CallEnd): void {
    for (const call of [...this.#calls.values()]) call.end(end);
  }

  onInvite(invite: IncomingInvite): void {
    const callerPeer = this.#callerPeer(invite);
    if (!callerPeer)
      return this.#refuse(invite, {
        status: 404,
        phrase: 'No Such Trunk',
        reason: 'unknown-trunk',
        result: 'caller-error',
      });
    // Teams: it knows no PRACK (docs/teams-direct-routing.md, I-08), so that nothing can be reliable there.
    if (callerPeer.side === 'teams' && hasOptionTag(invite.request.headers, 'Require', '100rel'))
      return this.#refuse(invite, { status: 420, reason: 'refused', result: 'caller-error' });
    const busy = this.#overload();
    if (busy) return this.#refuse(invite, busy);
    const parties = callParties(invite.request, callerPeer);
    const tooLong = refusalOfParties(parties);
    if (tooLong) return this.#refuse(invite, { ...tooLong, reason: 'too-large', result: 'caller-error' });
    const offer = sdpBody(invite.request);
    if (offer === undefined && invite.request.body !== '') return this.#refuse(invite, unreadableBody);
    const routed = this.#route(callerPeer.trunk, parties);
    if (routed.kind === 'refused') return this.#refuse(invite, routed.refusal);
    const offerForAll = offer ?? offerWithout(invite, callerPeer, routed.attempts);
    this.#start({ invite, offer: offerForAll, isDelayed: offer === undefined, parties }, callerPeer, routed);
  }

  /** Calls of an earlier process, before anything comes in. Returns what is to be done once messages can be sent. */
  takeOver(found: FoundCalls): () => void {
    const { clock, dialogs, journal, log, metrics, records, relay } = this.#deps;
    const wallMs = clock.wallMs();
    const { goOn, end } = takeOver(found, this.#plan.peers, wallMs);
    for (const taken of goOn) {
      const { record, snapshot } = taken;
      relay.adopt(snapshot.media);
      const call = new Call(this.#deps, taken, this);
      this.#calls.set(call.id, call);
      records.started(record);
      metrics.callTakenOver(record.direction, true);
    }
    if (goOn.length + end.length > 0)
      log.warn('Calls of an earlier process are taken over', { calls: goOn.length, ended: end.length });
    return () => {
      for (const snapshot of end) {
        const record = openRecord(snapshot);
        records.started(record);
        metrics.callTakenOver(record.direction, false);
        endFound(snapshot, dialogs, relay);
        journal.over(record.id);
        record.endedAtMs = wallMs;
        record.end = { result: 'our-error', by: 'sbc', reason: 'not-taken-over' };
        this.#tellEnd(record, record.end, wallMs - (record.answeredAtMs ?? wallMs));
      }
    };
  }

  #start(asked: AskedCall, callerPeer: Peer, routed: RoutedCall): void {
    const { clock, random, metrics, records, log } = this.#deps;
    const { invite, offer, isDelayed, parties } = asked;
    const { attempts, failover } = routed;
    const id = random.token();
    const record: CallRecord = {
      id,
      direction: `${callerPeer.side}-to-${attempts[0]?.peer.side ?? 'nobody'}`,
      fromTrunk: callerPeer.trunk,
      caller: readableNumber(parties.caller),
      called: readableNumber(parties.called),
      startedAtMs: clock.wallMs(),
      callIds: [invite.callId],
      toTrunk: undefined,
      answeredAtMs: undefined,
      endedAtMs: undefined,
      end: undefined,
    };
    const ringTimeoutMs = this.#plan.ringTimeoutMs;
    const call = new Call(
      this.#deps,
      {
        ...{ invite, offer, isDelayed, callerPeer, attempts, failover, ringTimeoutMs, record },
        parties: routed.parties,
      },
      this,
    );
    this.#calls.set(id, call);
    metrics.callStarted(record.direction);
    records.started(record);
    if (log.debugEnabled) log.debug('Call started', { call: id, callId: invite.callId, trunk: callerPeer.trunk });
    call.start();
  }

  onOver(call: Call): void {
    if (!this.#calls.delete(call.id)) return;
    const { record } = call;
    const end = record.end ?? { result: 'unattributed', by: 'sbc', reason: 'bug' };
    this.#deps.journal.over(call.id);
    this.#tellEnd(record, end, call.talkedMs);
    if (this.#isDraining && this.#calls.size === 0) this.#emptied();
  }

  #tellEnd(record: CallRecord, end: CallEnd, talkedMs: number | undefined): void {
    this.#deps.metrics.callEnded(record.direction, end.result, end.reason, talkedMs);
    this.#deps.records.ended(record);
    this.#deps.log.info('Call ended', {
      call: record.id,
      callId: record.callIds[0],
      direction: record.direction,
      from: record.fromTrunk,
      to: record.toTrunk,
      result: end.result,
      reason: end.reason,
      by: end.by,
      status: end.status,
      talkedMs: talkedMs === undefined ? undefined : Math.round(talkedMs),
    });
  }

  #mediaLost(sessions: readonly string[]): void {
    for (const session of sessions) {
      const call = this.#calls.get(callOfSession(session));
      if (call?.media.session === session)
        call.end({ result: 'our-error', by: 'sbc', reason: 'media-lost', status: 503 });
    }
  }

  #emptied(): void {
    const onEmpty = this.#onEmpty;
    this.#onEmpty = undefined;
    onEmpty?.();
  }

  #callerPeer(invite: IncomingInvite): Peer | undefined {
    for (const trunk of invite.source.trunks) {
      const peer = this.#plan.peers.get(trunk);
      if (peer?.isAddressedBy(invite.request.uri) === true) return peer;
    }
    return undefined;
  }

  /** Full, leaving, or without media: said before any 18x, so that the caller's side can go elsewhere (teams-direct-routing J-03). */
  #overload(): Refusal | undefined {
    if (this.#isDraining) return { status: 503, reason: 'draining', result: 'success' };
    if (!this.#deps.relay.available) return { status: 503, reason: 'relay-unavailable', result: 'our-error' };
    const { limits } = this.#plan;
    if (this.#calls.size >= limits.maxCalls) return { status: 503, reason: 'overload', result: 'our-error' };
    const { bucket, taken } = takeToken(this.#bucket, limits, this.#deps.clock.nowMs());
    this.#bucket = bucket;
    return taken ? undefined : { status: 503, reason: 'overload', result: 'our-error' };
  }

  #route(
    fromTrunk: string,
    parties: CallParties,
  ): RoutedCall | { readonly kind: 'refused'; readonly refusal: Refusal } {
    const decision = this.#plan.router.route(fromTrunk, parties);
    if (decision.kind === 'rejected') return { kind: 'refused', refusal: refusalOf(decision) };
    const { to, numbers, failover } = decision;
    const places = { peers: this.#plan.peers, orderTargets: this.#deps.orderTargets };
    const attempts = failover === undefined ? simpleAttempts(to, places) : routedAttempts(to, places);
    if (attempts.length === 0)
      return { kind: 'refused', refusal: { status: 503, reason: 'trunk-unreachable', result: 'upstream-error' } };
    if (numbers === undefined || failover === undefined)
      return { kind: 'routed', attempts, parties, failover: undefined };
    const { called, caller } = numbers;
    const rewritten = { ...withCaller(parties, caller), called: detached(called) };
    const tooLong = refusalOfParties(rewritten);
    if (tooLong) return { kind: 'refused', refusal: { ...tooLong, reason: 'too-large', result: 'our-error' } };
    return { kind: 'routed', attempts, parties: rewritten, failover: failoverOf(attempts, failover) };
  }

  #refuse(invite: IncomingInvite, refusal: Refusal): void {
    const { status, phrase, reason, result } = refusal;
    const headers: [string, string][] = status === 503 ? [['Retry-After', String(RETRY_AFTER_SECONDS)]] : [];
    if (status === 420) headers.push(['Unsupported', '100rel']);
    if (status === 415) headers.push(['Accept', 'application/sdp']);
    invite.reject(status, { headers, ...(phrase === undefined ? {} : { reason: phrase }) });
    this.#deps.metrics.callEnded('refused', result, reason, undefined);
    // Guarded: under overload one line a refused call would be the heaviest part of refusing it.
    if (this.#deps.log.debugEnabled || status !== 503) {
      this.#deps.log.info('Call refused', {
        callId: invite.callId,
        trunk: invite.source.trunks[0],
        address: invite.source.address,
        status,
        reason,
      });
    }
  }
}

/** RFC 3261 §8.2.3. */
const unreadableBody: Refusal = { status: 415, reason: 'bad-offer', result: 'caller-error' };

/** A caller whom a NumberPolicy hides loses the name as well. */
function withCaller(parties: CallParties, caller: string): CallParties {
  if (caller === parties.caller) return parties;
  return { ...parties, caller: detached(caller), ...(caller === ANONYMOUS && { displayName: undefined }) };
}

interface RoutedCall {
  readonly kind: 'routed';
  /** At least one. */
  readonly attempts: readonly Attempt[];
  /** As the other side gets to see them. */
  readonly parties: CallParties;
  readonly failover: Failover | undefined;
}

interface AskedCall {
  readonly invite: IncomingInvite;
  readonly offer: string;
  readonly isDelayed: boolean;
  readonly parties: CallParties;
}

/**
 * RFC 3261 §13.2.1: an INVITE without SDP wants the offer from its callee. Teams: it must never see one, so that it gets an
 * offer of ours, of the codecs that the caller may use, else of those that its callees name and the usual ones.
 */
function offerWithout(invite: IncomingInvite, caller: Peer, attempts: readonly Attempt[]): string {
  const named = attempts.flatMap(({ peer }) => peer.media.codecs);
  return composeOffer({
    codecs: caller.media.codecs.length > 0 ? caller.media.codecs : [...named, ...usualCodecs],
    address: invite.source.address,
  });
}
