import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { ApiEventRecorder } from './api-event-recorder.ts';

const about: KubeObject = { apiVersion: 'teams-sbc.dev/v1alpha1', kind: 'SbcInstance', metadata: { namespace: 'voice', name: 'sbc', uid: 'u' } }; // prettier-ignore
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(apply = (object: KubeObject) => Promise.resolve(object)) {
  const clock = new VirtualClock();
  const written: KubeObject[] = [];
  const results: string[] = [];
  const recorder = new ApiEventRecorder({
    client: { apply: (object) => (written.push(object), apply(object)) },
    ...{ clock, log: silentLog, instance: 'pod-1', metrics: { recorded: (result) => void results.push(result) } },
  });
  recorder.start();
  return { clock, written, results, recorder };
}
const pass = async (clock: VirtualClock, ms: number) => {
  await turn();
  clock.advance(ms);
  await turn();
};

describe('The event recorder', () => {
  it('writes the first at once and the series later, under the same name', async () => {
    const { clock, written, results, recorder } = setUp();
    const event = { type: 'Warning', reason: 'SecretNotFound', message: 'ü'.repeat(600) } as const;
    recorder.record(about, event);
    recorder.record(about, event);
    await pass(clock, 20);
    assert.equal(written.length, 1);
    await pass(clock, 360_000);
    const [first, series] = written;
    assert.equal(series?.metadata.name, first?.metadata.name);
    assert.deepEqual(series?.['series'], { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' });
    assert.deepEqual([first?.['eventTime'], first?.['action'], first?.['type']], ['2026-01-01T00:00:00.000000Z', 'Reconcile', 'Warning']); // prettier-ignore
    assert.deepEqual([first, series].map((each) => [each?.['firstTimestamp'], each?.['lastTimestamp'], each?.['count']]), [['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 1], ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 2]]); // prettier-ignore
    assert.ok(Buffer.byteLength(String(first?.['message'])) <= 1_024);
    assert.deepEqual(results, ['aggregated', 'written', 'written']);
  });

  it('drops what it cannot keep up with, and never fails', async () => {
    const { clock, written, results, recorder } = setUp(() => Promise.reject(new Error('away')));
    for (let i = 0; i < 1_100; i++) {
      const name = `sbc-${i}`;
      recorder.record(
        { ...about, metadata: { name, uid: name } },
        { type: 'Normal', reason: 'Created', message: 'made' },
      );
    }
    assert.equal(results.filter((result) => result === 'dropped').length, 99);
    await pass(clock, 20);
    recorder.stop();
    await pass(clock, 1_000);
    assert.equal(written.length, 2);
    assert.ok(results.includes('failed'));
  });
});
