import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../kube/kube-object.ts';
import type { ObjectEvent } from './controller.ts';
import { EventSeriesTable, seriesLimits } from './event-series.ts';

const about = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'a', name, uid: name },
});
const event = (message: string): ObjectEvent => ({ type: 'Warning', reason: 'Tested', message });
const at = (nowMs: number) => ({ nowMs, wallMs: nowMs });

describe('Events', () => {
  it('are written at the first of their kind, and counted from then on', () => {
    const table = new EventSeriesTable();
    const first = table.record(about('x'), event('one'), at(0));
    assert.ok(typeof first !== 'string' && first.count === 1);
    assert.equal(table.record(about('x'), event('one'), at(1_000)), 'aggregated');
    assert.notEqual(table.record(about('x'), event('two'), at(1_000)), 'aggregated');
    assert.notEqual(table.record(about('y'), event('one'), at(1_000)), 'aggregated');
    assert.deepEqual(table.due(2_000), []);
    assert.deepEqual(table.due(360_000).map(({ count }) => count), [2]); // prettier-ignore
    assert.deepEqual(table.due(720_000), []);
  });

  it('begin anew after twenty minutes of silence', () => {
    const table = new EventSeriesTable();
    table.record(about('x'), event('one'), at(0));
    assert.deepEqual(table.due(1_200_000), []);
    assert.equal(table.size, 0);
    assert.ok(typeof table.record(about('x'), event('one'), at(1_200_000)) !== 'string');
  });

  it('of an object that says too much are dropped, those of others are not', () => {
    const table = new EventSeriesTable();
    const outcomes = Array.from({ length: 30 }, (_, i) => table.record(about('x'), event(String(i)), at(0)));
    assert.equal(outcomes.filter((outcome) => outcome === 'dropped').length, 5);
    assert.notEqual(table.record(about('y'), event('one'), at(0)), 'dropped');
    assert.notEqual(table.record(about('x'), event('later'), at(300_000)), 'dropped');
  });

  it('take no more room than is set', () => {
    const table = new EventSeriesTable({ ...seriesLimits, maxSeries: 10 });
    for (let i = 0; i < 1_000; i++) table.record(about(`x${i}`), event('one'), at(i));
    assert.equal(table.size, 10);
  });

  it('remember no more objects than series: the one that spoke longest ago may speak again', () => {
    const table = new EventSeriesTable({ ...seriesLimits, maxSeries: 2, objectBurst: 1 });
    for (const name of ['x', 'y', 'z']) table.record(about(name), event('one'), at(0));
    assert.equal(table.record(about('z'), event('two'), at(1)), 'dropped');
    assert.notEqual(table.record(about('x'), event('two'), at(1)), 'dropped');
  });
});
