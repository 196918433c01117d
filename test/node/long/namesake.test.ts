/** A pod that drains while its Secret, and then its SbcInstance, is deleted and made again: it is counted, asked and hurried all the same. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { conditionIn } from '../../cluster/faults/stage.ts';
import { until } from '../../cluster/kit/until.ts';
import type { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { figure } from '../kit/figure.ts';
import { uidOf, untilReplaced, untilSaid } from '../kit/rolled-pods.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const COUNTED = /sbc-0 has 2 calls left/;
/** The operator looks at Secrets every half minute. */
const RECHECK_MS = 60_000;

let stage: VoiceStage;
let calls: HeldCalls;
let uid: string;
before(async () => {
  stage = await VoiceStage.raise({ name: 'namesake', drainSeconds: 3600 });
  await stage.apply();
});
after(() => (stage as VoiceStage | undefined)?.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl('--namespace=voice', ...args);
const uidOfSecret = async () => (await stage.objects.get('secrets', 'sbc-status'))?.metadata.uid as string | undefined;
const draining = async () => conditionIn(await stage.objects.get('sbcinstances', 'sbc'), 'Draining');

test('once it is said that the pod drains it is never said that there are no calls, also where the Secret goes at once', async (t) => {
  calls = await stage.hold('teams', 2);
  uid = await uidOf(stage, 0);
  const secret = await uidOfSecret();
  await kubectl('delete', 'pod', 'sbc-0', '--wait=false');
  const deletedMs = nowMs();
  await untilSaid(stage, 'Draining', /^True/);
  figure(t, { event: 'pod deleted: the status says that it drains', saidSeconds: (nowMs() - deletedMs) / 1000 });
  await kubectl('delete', 'secret', 'sbc-status');
  const said = new Set<string>();
  const isMadeAnew = async () => {
    said.add((await draining())?.message ?? '');
    return ![undefined, secret].includes(await uidOfSecret());
  };
  await until(isMadeAnew, { what: 'the new Secret', withinMs: RECHECK_MS });
  t.diagnostic([...said].join('\n'));
  for (const message of said) assert.match(message, /^sbc-0 (may have calls|has 2 calls left)/);
  await sleep(3000);
  await untilSaid(stage, 'Draining', COUNTED);
});

test('an SbcInstance of the same name counts and ends the calls of the pod of before', async () => {
  const { apiVersion, kind, metadata, spec } = await stage.objects.get('sbcinstances', 'sbc');
  const secret = await uidOfSecret();
  await kubectl('delete', 'sbci', 'sbc', '--wait=false');
  await until(async () => (await stage.objects.get('sbcinstances', 'sbc'))?.metadata.uid !== metadata.uid, {
    what: 'its end',
    withinMs: 20_000,
  });
  await stage.objects.apply({ apiVersion, kind, metadata: { name: 'sbc' }, spec });
  await until(async () => ![undefined, secret].includes(await uidOfSecret()), {
    what: 'its Secret',
    withinMs: RECHECK_MS,
  });
  await untilSaid(stage, 'Draining', COUNTED);
  assert.equal(calls.alive, 2);
  await kubectl('annotate', 'pod', 'sbc-0', 'teams-sbc.dev/end-calls=now');
  assert.equal(await calls.areOver(20_000), true);
  await untilReplaced(stage, 0, uid);
});
