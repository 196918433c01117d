import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { JsonLog } from './json-log.ts';
import type { LogLevel } from './json-log.ts';

function setUp(level?: LogLevel) {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, next) {
      written.push(chunk.toString());
      next();
    },
  });
  const log = new JsonLog({ clock: new VirtualClock(), destination, ...(level === undefined ? {} : { level }) });
  const lines = () => written.join('').split('\n').slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
  return { log, written, lines };
}

describe('The log', () => {
  it('writes one JSON object a line: time, level, message, then the facts', () => {
    const { log, written } = setUp();
    log.info('Call started', { call: 'c1', leg: 'caller', trunk: undefined, attempts: 2 });
    assert.deepEqual(written, [
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","message":"Call started","call":"c1","leg":"caller","attempts":2}\n',
    ]);
  });

  it('keeps to one line whatever a peer has written', () => {
    const { log, written } = setUp();
    log.warn('Odd', { text: 'a\r\n{"level":"error"}' });
    assert.equal(written.join('').split('\n').length, 2);
  });

  it("keeps the head's names for the head", () => {
    const { log, lines } = setUp();
    log.error('Real', { level: 'debug', message: 'forged', time: 'never' });
    assert.deepEqual(lines(), [{ time: '2026-01-01T00:00:00.000Z', level: 'error', message: 'Real' }]);
  });

  const cases: [LogLevel, string[]][] = [
    ['Error', ['error']],
    ['Warn', ['warn', 'error']],
    ['Info', ['info', 'warn', 'error']],
    ['Debug', ['debug', 'info', 'warn', 'error']],
  ];
  for (const [level, expected] of cases) {
    it(`at ${level} writes ${expected.join(', ')}, from children as well`, () => {
      const { log, lines } = setUp(level);
      for (const one of [log, log.child({ call: 'c' })]) {
        one.debug('x');
        one.info('x');
        one.warn('x');
        one.error('x');
        assert.equal(one.debugEnabled, level === 'Debug');
      }
      assert.deepEqual(lines().map((line) => line['level']), [...expected, ...expected]); // prettier-ignore
    });
  }

  it('changes its level while it runs, and that of its children', () => {
    const { log, lines } = setUp();
    const child = log.child({ call: 'c' });
    child.debug('unheard');
    log.setLevel('Debug');
    child.debug('heard');
    assert.deepEqual(
      [lines().map((line) => line['message']), log.level, child.debugEnabled],
      [['heard'], 'Debug', true],
    );
  });

  it('stops where its destination fails: a broken pipe is no exception and no reason for another line', async () => {
    let attempts = 0;
    // As process.stdout: a failed write does not destroy it, the next one fails again.
    const destination = new Writable({
      autoDestroy: false,
      write(_chunk, _encoding, next) {
        attempts += 1;
        next(new Error('EPIPE'));
      },
    });
    const log = new JsonLog({ clock: new VirtualClock(), destination });
    for (let turn = 0; turn < 5; turn += 1) {
      log.error('Uncaught exception');
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    assert.equal(attempts, 1);
  });

  it('gives the facts of a child to all its lines; a line may say otherwise', () => {
    const { log, lines } = setUp();
    const leg = log.child({ call: 'c', leg: 'caller' }).child({ leg: 'callee' });
    leg.info('a');
    leg.info('b', { leg: 'other' });
    assert.deepEqual(lines().map(({ call, leg: which }) => [call, which]), [['c', 'callee'], ['c', 'other']]); // prettier-ignore
  });
});
