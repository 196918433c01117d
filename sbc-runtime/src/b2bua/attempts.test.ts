import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Peer } from '../peers/peer.ts';
import type { Hop } from '../sip/hop.ts';
import { failoverOf, routedAttempts, simpleAttempts } from './attempts.ts';

function peers(sizes: Readonly<Record<string, number>>): ReadonlyMap<string, Peer> {
  const peer = (trunk: string, size: number) => {
    const hop = (host: number): Hop => ({
      ...{ protocol: 'UDP', host: `${trunk}${String(host)}`, listener: 'l', trunk, sentBy: 'sbc' },
    });
    return { trunk, targets: Array.from({ length: size }, (_, host) => hop(host)) } as unknown as Peer;
  };
  return new Map(Object.entries(sizes).map(([trunk, size]) => [trunk, peer(trunk, size)]));
}

const asTheyAre = (hops: readonly Hop[]) => hops;
const lastAre =
  (...down: readonly string[]) =>
  (hops: readonly Hop[]) => [
    ...hops.filter(({ host }) => !down.includes(host)),
    ...hops.filter(({ host }) => down.includes(host)),
  ];
const hosts = (attempts: readonly { hop: Hop }[]) => attempts.map(({ hop }) => hop.host);

test('trunk after trunk, eight targets at most; what is not there is left out', () => {
  const places = { peers: peers({ a: 5, b: 5 }), orderTargets: asTheyAre };
  assert.deepEqual(hosts(simpleAttempts(['a', 'gone', 'b'], places)), ['a0', 'a1', 'a2', 'a3', 'a4', 'b0', 'b1', 'b2']);
});

test('a CallRoute of many trunks tries each of them, however many hosts the first one has', () => {
  const places = { peers: peers({ a: 16, b: 16, c: 1 }), orderTargets: asTheyAre };
  assert.deepEqual(hosts(routedAttempts(['a', 'b', 'c'], places)), [
    ...['a0', 'a1', 'a2', 'a3', 'a4', 'b0', 'b1', 'b2', 'b3', 'b4', 'c0'],
  ]);
});

test('a trunk of which all targets are down comes behind the others, its targets together', () => {
  const places = { peers: peers({ a: 2, b: 2 }), orderTargets: lastAre('a0', 'a1', 'b0') };
  assert.deepEqual(hosts(routedAttempts(['a', 'b'], places)), ['b1', 'b0', 'a0', 'a1']);
});

test('a trunk of which all targets are held is not tried', () => {
  const places = {
    peers: peers({ a: 2, b: 1 }),
    orderTargets: (hops: readonly Hop[]) => hops.filter(({ trunk }) => trunk !== 'a'),
  };
  assert.deepEqual(hosts(routedAttempts(['a', 'b'], places)), ['b0']);
});

test('each attempt knows where the next destination begins', () => {
  const places = { peers: peers({ a: 2, b: 1, c: 2 }), orderTargets: asTheyAre };
  assert.deepEqual(failoverOf(routedAttempts(['a', 'b', 'c'], places), new Set()).nextDestination, [2, 2, 3, 5, 5]);
});
