import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialogLayer } from '../dialog/dialog-layer.ts';
import type { IncomingInvite, InviteUser, OutgoingInvite } from '../dialog/invite-user.ts';
import { silentLog, type Facts, type Log } from '../kernel/log.ts';
import { noMetrics } from '../kernel/metrics.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { MediaRelay } from '../media/media-relay.ts';
import type { Peer } from '../peers/peer.ts';
import { Headers } from '../sip/headers.ts';
import { Response } from '../sip/message.ts';
import { Call } from './call.ts';
import { noJournal, type CallRecord } from './call-ports.ts';

const description =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4 RTP/AVP 8\r\na=sendrecv\r\n';
const peer = {
  trunk: 'teams',
  media: {},
  firstWordWithinMs: 8000,
  earlyMedia: 'Pass',
  sdpTowards: (sdp: string) => sdp,
  sdpFrom: (sdp: string) => sdp,
  invite: () => ({ requestUri: 'sip:b', from: '<sip:a>', to: '<sip:b>', headers: [] }),
} as unknown as Peer;

/** A call that rings a callee; `provisional` is what its caller's leg does with an 18x. */
function ringing(provisional: () => void) {
  const clock = new VirtualClock();
  const lines: { message: string; facts: Facts }[] = [];
  const note = (message: string, facts: Facts = {}) => void lines.push({ message, facts });
  const log: Log = { ...silentLog, info: note, error: note };
  const refusals: number[] = [];
  const invite = {
    callId: 'caller',
    request: { cseq: { number: 1, method: 'INVITE' } },
    deliverTo: () => undefined,
    provisional,
    reject: (status: number) => refusals.push(status),
  } as unknown as IncomingInvite;
  let callee: InviteUser | undefined;
  const leg = { callId: 'callee', cancel: () => undefined } as unknown as OutgoingInvite;
  const dialogs = { invite: (_params: unknown, user: InviteUser) => ((callee = user), leg) } as unknown as DialogLayer;
  const relay = {
    available: true,
    offer: (_offer: unknown, done: (result: { kind: 'sdp'; sdp: string }) => void) =>
      done({ kind: 'sdp', sdp: description }),
    delete: () => undefined,
  } as unknown as MediaRelay;
  const reported: string[] = [];
  const targets = {
    answered: () => void reported.push('answered'),
    refused: () => undefined,
    silent: () => void reported.push('silent'),
    unreachable: () => void reported.push('unreachable'),
  };
  const records = { started: () => undefined, ended: () => undefined };
  const record = { id: 'c', direction: 'teams-to-pbx', callIds: [] as string[] } as unknown as CallRecord;
  const hop = { protocol: 'UDP', host: 'pbx', listener: 'l', trunk: 'pbx', sentBy: 'sbc' } as const;
  const parties = { called: 'b', caller: 'a', displayName: undefined, headers: [], maxForwards: 69 };
  const setup = { invite, offer: description, isDelayed: false, callerPeer: peer, parties, record };
  const call = new Call(
    { dialogs, relay, clock, log, metrics: noMetrics, records, targets, journal: noJournal },
    { ...setup, attempts: [{ peer, hop }], ringTimeoutMs: 180_000 },
    { onOver: () => undefined },
  );
  call.start();
  assert.ok(callee);
  return { clock, lines, refusals, reported, record, callee };
}

test('a bug on the way to our own first word ends this call, and is in the log', () => {
  const { clock, lines, refusals, record, callee } = ringing(() => {
    throw new Error('a bug');
  });
  callee.onTrying?.();
  clock.advance(8000);
  assert.deepEqual(
    lines.map(({ message, facts }) => [message, facts['step']]),
    [['A step of a call failed', 'ring']],
  );
  assert.deepEqual(refusals, [500]);
  assert.equal(record.end?.reason, 'bug');
});

test('of what a peer says about its no, a line of the log holds 256 characters', () => {
  const { lines, callee } = ringing(() => undefined);
  const reason = `SIP;cause=486;text="${'x'.repeat(60_000)}"`;
  callee.onFailure?.({ kind: 'response', response: new Response(486, 'Busy', Headers.from([['Reason', reason]])) });
  const [{ message, facts } = { message: '', facts: {} }] = lines;
  assert.equal(message, 'A leg was refused');
  assert.equal(facts['reason'], `${reason.slice(0, 255)}…`);
});

test('an INVITE that no datagram holds says nothing about its target: the caller hears 513', () => {
  const { refusals, reported, record, callee } = ringing(() => undefined);
  callee.onFailure?.({ kind: 'too-large' });
  assert.deepEqual(refusals, [513]);
  assert.deepEqual(reported, []);
  assert.deepEqual([record.end?.result, record.end?.reason], ['caller-error', 'too-large']);
});
