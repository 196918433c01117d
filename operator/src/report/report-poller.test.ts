import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { ReportChange } from './report-poller.ts';
import { ReportPoller } from './report-poller.ts';
import type { StatusQuestion } from './status-client.ts';

const first = `sha256:${'1'.repeat(64)}`;
const second = `sha256:${'2'.repeat(64)}`;
const credentials = { certificates: ['pem'], token: 'token' };
const pod = { name: 'sbc-0', uid: 'u1', address: '10.0.0.1', port: 8443 };

class Pods {
  readonly clock = new VirtualClock();
  readonly asked: string[] = [];
  readonly changes: ReportChange[] = [];
  hash: string | undefined = first;
  isAway = false;
  isDraining = false;
  text: string | undefined;
  /** Answers come after it. */
  held: Promise<void> | undefined;
  readonly poller = new ReportPoller({
    asking: { ask: (question) => this.#answer(question), close: () => undefined },
    clock: this.clock,
    log: silentLog,
    changed: (change) => void this.changes.push(change),
  });

  follow(wanted: string | undefined, uid = pod.uid, isGoing = false): void {
    this.poller.follow('default/sbc', { pods: [{ ...pod, uid, isGoing }], credentials, wanted });
  }

  /** Time passes in small steps, so that answers arrive in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(Math.min(50, ms - passed));
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  }

  count(path: string): number {
    return this.asked.filter((each) => each === path).length;
  }

  #answer({ path }: StatusQuestion): Promise<string> {
    this.asked.push(path);
    if (this.isAway) return Promise.reject(new Error('connect ECONNREFUSED'));
    const summary = { version: '1', pod: 'sbc-0', hash: this.hash, draining: this.isDraining, calls: { active: 3 } };
    const whole = { ...summary, trunks: [], certificates: [] };
    const text = this.text ?? JSON.stringify(path === '/status' ? whole : summary);
    return this.held === undefined ? Promise.resolve(text) : this.held.then(() => text);
  }
}

test('a pod in sync gives its whole report every ten seconds, and is not asked otherwise', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(60_000);
  assert.equal(pods.count('/status/summary'), 0);
  assert.ok(pods.count('/status') >= 6 && pods.count('/status') <= 7);
  assert.equal(pods.poller.answersOf('default/sbc').get('sbc-0')?.summary?.calls.active, 3);
});

test('after a new document a pod is asked every 100 ms until it runs it', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(1000);
  pods.follow(second);
  await pods.pass(1000);
  assert.ok(pods.count('/status/summary') >= 9, String(pods.count('/status/summary')));
  pods.hash = second;
  await pods.pass(200);
  assert.equal(pods.poller.answersOf('default/sbc').get('sbc-0')?.summary?.hash, second);
  const { length } = pods.asked;
  await pods.pass(5000);
  assert.ok(pods.asked.length - length <= 1);
});

test('a pod that never takes a document up is asked less after ten seconds, and after two minutes as one in sync', async () => {
  const pods = new Pods();
  pods.follow(second);
  await pods.pass(11_000);
  const eager = pods.asked.length;
  await pods.pass(60_000);
  const patient = pods.asked.length - eager;
  assert.ok(patient >= 55 && patient <= 75, String(patient));
  await pods.pass(60_000);
  const { length } = pods.asked;
  await pods.pass(60_000);
  assert.ok(pods.asked.length - length <= 7);
});

test('a pod that does not answer is unknown, is asked less and less, and what it said of its far ends stays', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(100);
  pods.isAway = true;
  await pods.pass(60_000);
  const answer = pods.poller.answersOf('default/sbc').get('sbc-0');
  assert.equal(answer?.summary, undefined);
  assert.equal(answer?.failure, 'connect ECONNREFUSED');
  assert.notEqual(answer.report, undefined);
  assert.ok(pods.asked.length < 20, String(pods.asked.length));
  pods.isAway = false;
  await pods.pass(11_000);
  assert.equal(pods.poller.answersOf('default/sbc').get('sbc-0')?.summary?.hash, first);
});

for (const [name, text] of [
  ['no JSON', '<html>'],
  [
    'a report of another pod',
    JSON.stringify({ version: '1', pod: 'sbc-9', draining: false, calls: { active: 0 }, trunks: [], certificates: [] }),
  ],
  ['something else', '{"hello":1}'],
] as const) {
  test(`${name} is no answer`, async () => {
    const pods = new Pods();
    pods.text = text;
    pods.follow(first);
    await pods.pass(100);
    const answer = pods.poller.answersOf('default/sbc').get('sbc-0');
    assert.equal(answer?.summary, undefined);
    assert.equal(typeof answer?.failure, 'string');
  });
}

test('another pod of the same name knows nothing of what the former one said', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(100);
  pods.isAway = true;
  pods.follow(first, 'u2');
  await pods.pass(50);
  assert.equal(pods.poller.answersOf('default/sbc').get('sbc-0')?.report, undefined);
  assert.equal(pods.poller.answersOf('default/sbc').get('sbc-0')?.uid, 'u2');
});

test('what is forgotten is not asked any more, and a listener that throws harms nobody', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(100);
  pods.poller.forget('default/sbc');
  const { length } = pods.asked;
  await pods.pass(30_000);
  assert.equal(pods.asked.length, length);
  assert.equal(pods.poller.answersOf('default/sbc').size, 0);
  const loud = new ReportPoller({
    asking: { ask: () => Promise.reject(new Error('away')), close: () => undefined },
    clock: pods.clock,
    log: silentLog,
    changed: () => assert.fail('a bug in whoever listens'),
  });
  loud.follow('default/sbc', { pods: [pod], credentials, wanted: first });
  await pods.pass(1000);
  assert.equal(loud.answersOf('default/sbc').get('sbc-0')?.failure, 'away');
  loud.close();
});

test('what a pod says after another one has its name is not heard', async () => {
  const pods = new Pods();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  pods.held = promise.then(() => undefined);
  pods.follow(first, 'u1');
  await pods.pass(100);
  assert.equal(pods.asked.length, 1);
  pods.held = undefined;
  pods.follow(first, 'u2');
  await pods.pass(100);
  resolve(undefined);
  await pods.pass(100);
  assert.deepEqual(
    pods.changes.map(({ after }) => after.uid),
    ['u2'],
  );
});

test('a pod that drains is asked for its calls every five seconds, until it is there no more', async () => {
  const pods = new Pods();
  pods.isDraining = true;
  pods.follow(first);
  await pods.pass(61_000);
  const summaries = pods.count('/status/summary');
  assert.ok(summaries >= 5 && summaries <= 7, String(summaries));
  assert.ok(pods.count('/status') >= 6 && pods.count('/status') <= 7);
  pods.poller.follow('default/sbc', { pods: [], credentials, wanted: first });
  const { length } = pods.asked;
  await pods.pass(60_000);
  assert.equal(pods.asked.length, length);
});

test('a pod that is to stop is asked at once, and every second until it says that it drains', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(4000);
  const { length } = pods.asked;
  pods.follow(first, pod.uid, true);
  await pods.pass(3000);
  assert.ok(pods.asked.length - length >= 3, String(pods.asked.length - length));
  pods.isDraining = true;
  await pods.pass(1000);
  const heard = pods.asked.length;
  await pods.pass(4000);
  assert.ok(pods.asked.length - heard <= 1);
});

test('what a pod said last is kept while it does not answer, whichever question it was', async () => {
  const pods = new Pods();
  pods.follow(first);
  await pods.pass(100);
  pods.isDraining = true;
  pods.follow(first, pod.uid, true);
  await pods.pass(1500);
  pods.isAway = true;
  await pods.pass(10_000);
  const answer = pods.poller.answersOf('default/sbc').get('sbc-0');
  assert.equal(answer?.summary, undefined);
  assert.equal(answer?.report?.draining, false);
  assert.equal(answer.lastSummary?.draining, true);
});
