/** Calls that are held and measured, through `sbc local` and a real RTPEngine: what the tests of whole days stand on. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { FQDN } from '../kit/ground.ts';
import { Attempts, isShed } from '../kit/held-calls/attempts.ts';
import { CallEnds, type From } from '../kit/held-calls/call-ends.ts';
import { HeldCalls } from '../kit/held-calls/held-calls.ts';
import { nowMs } from '../kit/held-calls/media-words.ts';
import { PbxLine } from '../kit/held-calls/pbx-line.ts';
import { eventually } from './local-observe.ts';
import { raiseSimulatedStage } from './local-stage.ts';

const COUNT = 3;
const HELD_MS = 2500;
/** Of what was sent: sockets of a machine that does much else. */
const MOST_LOST = 0.02;
/** On their way, or sent before RTPEngine knew where to. */
const IN_FLIGHT = 50;

async function raise(t: TestContext) {
  const opened: PbxLine[] = [];
  const stage = await raiseSimulatedStage(t, {
    prepare: async ({ ground }) => {
      const line = await PbxLine.open({ address: ground.at.pbx });
      ground.endsWith(() => line.close());
      opened.push(line);
    },
  });
  const { simulator, ground } = stage;
  const [pbx] = opened;
  assert.ok(pbx);
  const ends = await CallEnds.open({ simulator, pbx });
  ground.endsWith(() => ends.close());
  const sbcOf = (from: From) => (from === 'teams' ? `${FQDN}:5061` : `${ground.at.sbc}:5060`);
  return { ...stage, ends, sbcOf };
}

test('calls are held both ways, their sound goes on, and each end knows who hung up', async (t) => {
  const { ends, pod, sbcOf } = await raise(t);

  for (const [from, by] of [
    ['teams', 'pbx'],
    ['pbx', 'teams'],
  ] as const)
    await t.test(`calls from ${from}, hung up by ${by}`, async () => {
      const calls = await HeldCalls.hold(ends, { from, sbc: sbcOf(from), count: COUNT });
      assert.deepEqual(calls.failed, []);
      assert.equal(calls.alive, COUNT);
      await sleep(500);
      const sinceMs = nowMs();
      await sleep(HELD_MS);
      const gaps = await calls.gaps(sinceMs);
      t.diagnostic(`longest gap ${gaps.maxMs.toFixed(0)} ms, own lateness ${gaps.ownLatenessMs.toFixed(0)} ms`);
      assert.equal(gaps.streams.length, 2 * COUNT);
      // A machine that stopped our own packets for a second says nothing of the SBC.
      if (gaps.ownLatenessMs < 900) assert.equal(gaps.silentSeconds, 0);
      for (const stream of gaps.streams) {
        assert.ok(stream.lost <= MOST_LOST * stream.sentTo, JSON.stringify(stream));
        assert.ok(stream.heard >= (1 - MOST_LOST) * (stream.sentTo - IN_FLIGHT), JSON.stringify(stream));
        assert.equal(stream.garbled, 0, JSON.stringify(stream));
      }
      assert.deepEqual(await calls.hangUp({ by }), Array(COUNT).fill(200));
      assert.equal(await calls.areOver(), true);
      for (const end of calls.ended) {
        assert.equal(end.by, by);
        assert.equal(end.reasons.length, 1);
      }
      await pod.isEmpty();
    });

  await t.test('a steady stream of new calls is answered, each within its time', async () => {
    for (const from of ['teams', 'pbx'] as const) {
      const attempts = new Attempts(ends, { from, sbcs: [sbcOf(from)], everyMs: 100 });
      await eventually(
        'eight calls are decided',
        () => attempts.decided.length,
        (count) => count >= 8,
      );
      const decided = await attempts.stop();
      // A machine that is short of processor time sheds calls, and says nothing of the SBC.
      assert.deepEqual(
        attempts.refused().filter((attempt) => !isShed(attempt)),
        [],
      );
      assert.ok(decided.every(({ by }) => by === sbcOf(from)));
    }
    await pod.isEmpty();
  });
});

test('an SBC that ends says so: its calls know, its sound stops, new calls are refused with its words', async (t) => {
  const { ends, pod, sbc, sbcOf } = await raise(t);
  const calls = await HeldCalls.hold(ends, { from: 'teams', sbc: sbcOf('teams'), count: COUNT });
  assert.deepEqual(calls.failed, []);
  sbc.process.signal('SIGTERM');
  await sbc.waitFor(({ event }) => event === 'draining');
  await pod.metricIs('sbc_draining', {}, 1);
  const sinceMs = nowMs();
  const attempts = new Attempts(ends, { from: 'teams', sbcs: [sbcOf('teams')], everyMs: 100 });
  await sleep(300);
  await attempts.stop();
  assert.deepEqual(attempts.answered(), []);
  assert.equal(attempts.refused(sinceMs)[0]?.passedOver[0]?.status, 503);
  assert.equal(calls.alive, COUNT);
  sbc.process.signal('SIGTERM');
  assert.equal(await calls.areOver(), true);
  for (const end of calls.ended) {
    assert.equal(end.by, 'sbc');
    assert.equal(end.reasons.length, 2);
    t.diagnostic(end.reasons.join(' | '));
  }
});
