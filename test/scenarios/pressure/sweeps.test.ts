/** Every message of a whole call is lost, repeated, or dies with its connection: D-11, D-03, F-33 at every position. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyStory, sweep, type Fault } from './sweep.ts';

const onUdp: Fault['mayHit'] = ({ isReliable }) => !isReliable;
const onTls: Fault['mayHit'] = ({ isReliable }) => isReliable;
const anywhere: Fault['mayHit'] = () => true;

const isLost = (times: number): Fault => ({
  mayHit: onUdp,
  fate: (_carried, _network, hits) => (hits < times ? 'lost' : undefined),
});

const comesAgain = (copyAfterMs: number): Fault => ({
  mayHit: anywhere,
  fate: (_carried, _network, hits) => (hits === 0 ? { copyAfterMs } : undefined),
});

/** Every connection of the party; what was under way dies with it, or has just arrived. */
const connectionsEnd = (fate: 'lost' | undefined): Fault => ({
  mayHit: onTls,
  fate: ({ wire }, network, hits) => {
    if (hits > 0) return undefined;
    network.closes(wire.station);
    return fate;
  },
});

for (const relayMs of [0, 50])
  for (const story of everyStory) {
    test(`${story.name}; each message on UDP is lost once (relay ${relayMs} ms)`, () => {
      assert.ok(sweep(story, isLost(1), relayMs) > 0);
    });
    test(`${story.name}; each message on UDP is lost twice (relay ${relayMs} ms)`, () => {
      assert.ok(sweep(story, isLost(2), relayMs) > 0);
    });
    test(`${story.name}; each message comes twice (relay ${relayMs} ms)`, () => {
      assert.ok(sweep(story, comesAgain(0), relayMs) > 0);
    });
    test(`${story.name}; each message comes again two seconds later (relay ${relayMs} ms)`, () => {
      assert.ok(sweep(story, comesAgain(2000), relayMs) > 0);
    });
    test(`${story.name}; the connections of Teams are cut behind each message (relay ${relayMs} ms)`, () => {
      assert.ok(sweep(story, connectionsEnd(undefined), relayMs) > 0);
    });
    test(`${story.name}; each message of Teams or for Teams dies with its connection (relay ${relayMs} ms)`, () => {
      assert.ok(sweep(story, connectionsEnd('lost'), relayMs) > 0);
    });
  }
