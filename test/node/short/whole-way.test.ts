/** From `helm install` to sound: chart, certificate, pods, DNS, calls in both directions, all on a real node. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

let stage: VoiceStage;
before(async () => {
  stage = await VoiceStage.raise({ name: 'whole-way' });
  await stage.apply();
});
after(() => stage.stop());

for (const from of ['teams', 'pbx'] as const)
  test(`calls from ${from} are answered, with sound both ways, and leave nothing behind`, async (t) => {
    const calls = await stage.hold(from, 2);
    const sinceMs = nowMs();
    await sleep(2000);
    const gaps = await calls.gaps(sinceMs);
    t.diagnostic(`longest gap ${gaps.maxMs.toFixed(0)} ms`);
    assert.equal(gaps.unexplainedSilence, 0);
    assert.equal(await stage.calls(), 2);
    assert.deepEqual(await calls.hangUp({ by: from }), [200, 200]);
    assert.equal(await calls.areOver(), true);
    assert.equal(await stage.calls(), 0);
  });
