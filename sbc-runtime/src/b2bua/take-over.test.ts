import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Peer } from '../peers/peer.ts';
import { callSnapshot, type CallSnapshot, type SideSnapshot } from './call-snapshot.ts';
import { openRecord, takeOver, type FoundCalls } from './take-over.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const line = text.map((value) => value.replace(/[\r\n]/g, ''));
const number = fc.nat(1_000_000);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const plain = { noNullPrototype: true };

const session = fc.record(
  {
    timer: fc.record(
      {
        phase: fc.constantFrom('Watching', 'Resting', 'Lapsing'),
        seconds: number,
        minSeconds: number,
        refusedWith: maybe(number),
      },
      plain,
    ),
    refreshInMs: maybe(number),
    deadlineInMs: maybe(number),
  },
  plain,
);
const side = (trunk: string) =>
  fc.record(
    {
      us: fc.record(
        { listener: line, trunk: fc.constant(trunk), sentBy: line, protocol: fc.constantFrom('UDP', 'TCP', 'TLS') },
        plain,
      ),
      leg: fc.record(
        {
          ownsCallId: fc.boolean(),
          dialog: fc.record(
            {
              ...{ callId: line, localTag: line, remoteTag: line, localParty: line, remoteParty: line },
              ...{ remoteTarget: line, localSequence: number, remoteSequence: maybe(number) },
              routeSet: fc.array(line, { maxLength: 3 }),
            },
            plain,
          ),
          heardFrom: maybe(fc.record({ address: text, port: number }, plain)),
          session: maybe(session),
        },
        plain,
      ),
      ...{ localSdp: text, remoteSdp: text, described: maybe(text), version: number, holds: fc.boolean() },
    },
    plain,
  ) as fc.Arbitrary<SideSnapshot>;
const snapshots = fc.record(
  {
    record: fc.record(
      {
        ...{ id: text, direction: text, fromTrunk: text, caller: text, called: text, startedAtMs: number },
        ...{ callIds: fc.array(line, { maxLength: 4 }), toTrunk: maybe(text), answeredAtMs: number },
        ...{ endedAtMs: fc.constant(undefined), end: fc.constant(undefined) },
      },
      plain,
    ),
    media: fc.record({ session: text, name: text }, plain),
    ...{ caller: side('teams'), callee: side('pbx'), atMs: number },
  },
  plain,
) as fc.Arbitrary<CallSnapshot>;

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const peer = (protocol: string) => ({ identity: { protocol } }) as unknown as Peer;
const peersOf = ({ caller, callee }: CallSnapshot) =>
  new Map([
    ['teams', peer(caller.us.protocol)],
    ['pbx', peer(callee.us.protocol)],
  ]);

describe('A snapshot of a call', () => {
  it('goes through JSON as it is', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const read = callSnapshot(throughJson(snapshot));
        assert.deepEqual(read, throughJson(snapshot));
        assert.deepEqual(read && openRecord(read), snapshot.record);
      }),
    );
  });

  it('that lacks anything, or holds something of another kind, is none', () => {
    const places = [
      ['record', 'id'],
      ['record', 'callIds'],
      ['record', 'answeredAtMs'],
      ['media', 'name'],
      ['caller', 'us', 'protocol'],
      ['caller', 'leg', 'dialog', 'routeSet'],
      ['caller', 'leg', 'dialog', 'localSequence'],
      ['callee', 'leg', 'ownsCallId'],
      ['callee', 'version'],
      ['callee', 'holds'],
      ['callee'],
      ['atMs'],
    ];
    const other = fc.constantFrom(undefined, null, {}, [1], 'text that is no protocol');
    fc.assert(
      fc.property(snapshots, fc.constantFrom(...places), other, (snapshot, place, wrong) => {
        const broken = throughJson(snapshot) as Record<string, unknown>;
        let at = broken;
        for (const name of place.slice(0, -1)) at = at[name] as Record<string, unknown>;
        const last = place.at(-1) ?? '';
        fc.pre(!(typeof wrong === 'string' && typeof at[last] === 'string' && last !== 'protocol'));
        at[last] = wrong;
        assert.equal(callSnapshot(throughJson(broken)), undefined);
      }),
    );
  });

  it('that holds a line break where a request of ours would is none', () => {
    const places = ['callId', 'localTag', 'remoteTag', 'localParty', 'remoteParty', 'remoteTarget', 'routeSet'];
    fc.assert(
      fc.property(snapshots, fc.constantFrom(...places), fc.constantFrom('\r', '\n'), (snapshot, place, end) => {
        const wrong = `sip:a@b${end}`;
        const dialog = { ...snapshot.caller.leg.dialog, [place]: place === 'routeSet' ? [wrong] : wrong };
        const caller = { ...snapshot.caller, leg: { ...snapshot.caller.leg, dialog } };
        assert.equal(callSnapshot(throughJson({ ...snapshot, caller })), undefined);
      }),
    );
  });

  it('is never found in anything else', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(callSnapshot(value), undefined)));
  });
});

describe('Taking over', () => {
  it('goes on with every call whose two trunks are there, and knows how much time has passed', () => {
    fc.assert(
      fc.property(snapshots, fc.nat(100_000), (snapshot, passedMs) => {
        const found = { calls: [snapshot], doubtful: [] };
        const { goOn, end } = takeOver(found, peersOf(snapshot), snapshot.atMs + passedMs);
        assert.deepEqual([goOn.map((taken) => taken.passedMs), end], [[passedMs], []]);
        assert.deepEqual(takeOver(found, peersOf(snapshot), snapshot.atMs - 1 - passedMs).goOn[0]?.passedMs, 0);
      }),
    );
  });

  it('ends those that have lost a trunk, or whose trunk speaks another protocol, and those whose latest word is lost', () => {
    fc.assert(
      fc.property(snapshots, fc.constantFrom('teams', 'pbx'), (snapshot, trunk) => {
        const calls = [snapshot];
        const [without, other] = [peersOf(snapshot), peersOf(snapshot)];
        without.delete(trunk);
        other.set(trunk, peer('SCTP'));
        const ends = (found: FoundCalls, peers: ReadonlyMap<string, Peer>) =>
          assert.deepEqual(takeOver(found, peers, 0), { goOn: [], end: calls });
        ends({ calls, doubtful: [] }, without);
        ends({ calls, doubtful: [] }, other);
        ends({ calls: [], doubtful: calls }, peersOf(snapshot));
      }),
    );
  });
});
