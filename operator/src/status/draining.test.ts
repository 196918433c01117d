import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasons } from '@teams-sbc/crds';
import { draining } from './draining.ts';
import type { GoingPod, PodView } from './pod-view.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);
const inSeconds = (seconds: number) => nowMs + seconds * 1000;

const going = (fields: Partial<GoingPod> = {}): GoingPod => ({
  ...{ isRunning: true, calls: 3, isHeard: true, failure: undefined, nodeName: 'n1' },
  ...{ endsAtMs: inSeconds(3600), killedAtMs: inSeconds(3630) },
  ...fields,
});
const pod = (ordinal: number, found?: GoingPod): PodView => ({
  ...{ name: `sbc-${String(ordinal)}`, uid: `u${String(ordinal)}`, ordinal, isReady: found === undefined },
  ...{ isTerminating: found !== undefined, answers: true, hash: undefined, refusal: undefined, calls: 3 },
  ...{ failure: undefined, trunks: new Map(), ...(found !== undefined && { going: found }) },
});

const cases: Record<string, readonly [readonly PodView[], string]> = {
  'no pod is to stop': [[pod(0), pod(1)], 'False NotDraining: No pod that is to stop has calls'],
  'a pod waits for its calls': [
    [pod(0), pod(1, going())],
    'True PodsDraining: sbc-1 has 3 calls left, hung up at 2026-11-23T13:00:00Z at the latest',
  ],
  'one call is left': [
    [pod(1, going({ calls: 1 }))],
    'True PodsDraining: sbc-1 has 1 call left, hung up at 2026-11-23T13:00:00Z at the latest',
  ],
  'Kubernetes kills it before it would hang up': [
    [pod(1, going({ killedAtMs: inSeconds(60) }))],
    'True PodsDraining: sbc-1 has 3 calls left, hung up at 2026-11-23T12:01:00Z at the latest',
  ],
  'a runtime does not say when it hangs up': [
    [pod(1, going({ endsAtMs: undefined }))],
    'True PodsDraining: sbc-1 has 3 calls left, hung up at 2026-11-23T13:00:30Z at the latest',
  ],
  'two pods wait': [
    [pod(1, going()), pod(2, going({ calls: 4 }))],
    'True PodsDraining: sbc-1 has 3 calls left, hung up at 2026-11-23T13:00:00Z at the latest; sbc-2 has 4 calls left, hung up at 2026-11-23T13:00:00Z at the latest',
  ],
  'its last call is over': [[pod(1, going({ calls: 0 }))], 'False NotDraining: No pod that is to stop has calls'],
  'its runtime has ended': [
    [pod(1, going({ isRunning: false }))],
    'False NotDraining: No pod that is to stop has calls',
  ],
  'it was not asked yet': [
    [pod(1, going({ calls: undefined, isHeard: false }))],
    'Unknown Pending: sbc-1 was not asked yet',
  ],
  'it was not asked yet, and another has calls': [
    [pod(1, going({ calls: undefined, isHeard: false })), pod(2, going())],
    'True PodsDraining: sbc-2 has 3 calls left, hung up at 2026-11-23T13:00:00Z at the latest',
  ],
  'it had no calls before it was to stop, and was not heard since': [
    [pod(1, going({ calls: 0, isHeard: false, endsAtMs: undefined }))],
    'True PodsDraining: sbc-1 may have calls (before it was to stop it had 0 calls), hung up at 2026-11-23T13:00:30Z at the latest',
  ],
  'it had no calls before it was to stop, and does not answer since': [
    [pod(1, going({ calls: 0, isHeard: false, failure: 'no answer within 5 s' }))],
    'True PodsDraining: sbc-1 may have calls (before it was to stop it had 0 calls), hung up at 2026-11-23T13:00:00Z at the latest; it does not answer now: no answer within 5 s',
  ],
  'it began with another Secret': [
    [pod(1, going({ failure: 'it shows another certificate than its status Secret holds', isStranger: true }))],
    "True PodsDraining: sbc-1 had 3 calls, hung up at 2026-11-23T13:00:00Z at the latest; it does not answer now: it shows another certificate than its status Secret holds; to end its calls earlier lower spec.drain.timeoutSeconds, or: kubectl exec sbc-1 -- node -e 'process.kill(1)'",
  ],
  'it had no calls when it spoke last': [
    [pod(1, going({ calls: 0, failure: 'connect ECONNREFUSED' }))],
    'False NotDraining: No pod that is to stop has calls',
  ],
  'it had calls when it spoke last': [
    [pod(1, going({ failure: 'no answer within 5 s' }))],
    'True PodsDraining: sbc-1 had 3 calls, hung up at 2026-11-23T13:00:00Z at the latest; it does not answer now: no answer within 5 s',
  ],
  'it never spoke': [
    [pod(1, going({ calls: undefined, isHeard: false, failure: 'no answer within 5 s' }))],
    'True PodsDraining: sbc-1 may have calls, hung up at 2026-11-23T13:00:00Z at the latest; it does not answer now: no answer within 5 s',
  ],
  'it outlives its grace': [
    [pod(1, going({ killedAtMs: inSeconds(-61) })), pod(2, going())],
    'True PodsOverdue: sbc-1 should have ended at 2026-11-23T11:58:59Z and is still there: look at node n1 (kubectl get node)',
  ],
};

for (const [name, [pods, expected]] of Object.entries(cases)) {
  test(`Draining where ${name}`, () => {
    const { status, reason, message } = draining(pods, nowMs);
    assert.equal(`${status} ${reason}: ${message}`, expected);
    const { statuses } = reasons.SbcInstance.Draining[reason];
    assert.ok((statuses as readonly string[]).includes(status));
  });
}

test('a message has its limit, however many pods are to stop', () => {
  const pods = Array.from({ length: 1000 }, (_, ordinal) => pod(ordinal, going({ failure: 'x'.repeat(100) })));
  const { message } = draining(pods, nowMs);
  assert.ok(message.length < 4096, String(message.length));
  assert.match(message, /; and 984 more$/);
});
