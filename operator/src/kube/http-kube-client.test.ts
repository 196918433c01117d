import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { systemClock } from '../kernel/clock.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { ApiConnection } from './api-connection.ts';
import { ApiError, ConnectionError, WriteRefused } from './api-error.ts';
import { HttpKubeClient } from './http-kube-client.ts';
import type { RequestFacts } from './http-kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { resources } from './resource.ts';

const { configMaps, teamsTrunks } = resources;
const options = { fieldManager: 'engine' };

const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name },
  data,
});
const trunk = (fields: object = {}): KubeObject => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'TeamsTrunk',
  metadata: { namespace: 'default', name: 'one' },
  ...fields,
});

let server: LoopbackApiServer;
beforeEach(async () => void (server = await LoopbackApiServer.start()));
afterEach(() => server.close());

describe('The client', () => {
  it('reads what is there, and undefined where nothing is', async () => {
    server.put(configMap('one', { a: '1' }));
    const client = server.client();
    assert.deepEqual((await client.get(configMaps, { namespace: 'default', name: 'one' }))?.['data'], { a: '1' });
    assert.equal(await client.get(configMaps, { namespace: 'default', name: 'two' }), undefined);
  });

  it('lists pages of one version', async () => {
    for (const name of ['a', 'b', 'c']) server.put(configMap(name));
    const client = server.client();
    const first = await client.list(configMaps, { namespace: 'default', limit: 2 });
    server.put(configMap('d'));
    const second = await client.list(configMaps, { namespace: 'default', limit: 2, continue: first.continue });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ metadata }) => metadata.name),
      ['a', 'b', 'c'],
    );
    assert.equal(second.resourceVersion, first.resourceVersion);
    assert.equal(second.continue, undefined);
  });

  it('applies fields as its own, gives up those it wants no more, and leaves those of others', async () => {
    const client = server.client();
    await client.apply(configMap('one', { mine: '1', old: '1' }), options);
    await client.apply(configMap('one', { theirs: '1' }), { fieldManager: 'other' });
    const now = await client.apply(configMap('one', { mine: '2' }), options);
    assert.deepEqual(now['data'], { mine: '2', theirs: '1' });
    await assert.rejects(client.apply(configMap('one', { theirs: '2' }), { ...options, force: false }), { code: 409, reason: 'Conflict' }); // prettier-ignore
    const taken = await client.apply(configMap('one', { mine: '2', theirs: '2' }), options);
    assert.deepEqual(taken['data'], { mine: '2', theirs: '2' });
  });

  it('has its credentials read anew where the API server does not believe them', async () => {
    let forgotten = 0;
    const credentials = {
      ...server.credentials(),
      forget: () => {
        forgotten += 1;
      },
    };
    const connection = new ApiConnection({ credentials, clock: systemClock });
    const client = new HttpKubeClient({ connection, clock: systemClock });
    server.faults.order({}, { kind: 'status', code: 401 });
    await assert.rejects(client.list(configMaps, {}), { code: 401 });
    assert.equal(forgotten, 1);
    await client.list(configMaps, {});
    assert.equal(forgotten, 1);
    connection.close();
  });

  it('writes a status without touching the rest', async () => {
    server.put(trunk({ spec: { port: 5061 } }));
    const client = server.client();
    const written = await client.apply(trunk({ status: { ready: true } }), { ...options, subresource: 'status' });
    assert.deepEqual([written.spec, written.status, written.metadata.generation], [{ port: 5061 }, { ready: true }, 1]);
  });

  it('replaces only the version that it names', async () => {
    const client = server.client();
    const made = await client.create(configMap('one'));
    await client.replace({ ...made, data: { a: '1' } });
    await assert.rejects(client.replace({ ...made, data: { a: '2' } }), { code: 409, reason: 'Conflict' });
    await assert.rejects(client.create(configMap('one')), { code: 409, reason: 'AlreadyExists' });
  });

  it('deletes what it means to delete, and says where there was nothing', async () => {
    const client = server.client();
    const { metadata } = await client.create(configMap('one'));
    const at = { namespace: 'default', name: 'one' };
    await assert.rejects(client.delete(configMaps, at, { uid: 'another' }), { code: 409 });
    assert.equal(
      await client.delete(configMaps, at, { uid: metadata.uid, resourceVersion: metadata.resourceVersion }),
      true,
    );
    assert.equal(await client.delete(configMaps, at), false);
  });

  it('finds out what the API server has', async () => {
    const client = server.client();
    assert.equal(await client.isServed(teamsTrunks), true);
    server.unserve(teamsTrunks);
    assert.equal(await client.isServed(teamsTrunks), false);
  });

  it('needs 16 connections for 200 requests at once, and the same ones for the next 200', async () => {
    const client = server.client();
    const all = () => Promise.all(Array.from({ length: 200 }, (_, i) => client.apply(configMap(`c${i}`), options)));
    await all();
    await all();
    assert.equal(server.tcpConnections, 16);
  });

  it('tells each request and its end', async () => {
    const seen: RequestFacts[] = [];
    const client = server.client({ onRequest: (facts) => seen.push(facts) });
    await client.list(configMaps, {});
    server.faults.order({}, { kind: 'reset' });
    await assert.rejects(client.list(configMaps, {}), ConnectionError);
    assert.deepEqual(
      seen.map(({ verb, resource, code }) => [verb, resource, code]),
      [
        ['list', 'configmaps', 200],
        ['list', 'configmaps', 'unreachable'],
      ],
    );
  });
});

describe('A request that goes wrong', () => {
  it('carries what the server asks to wait', async () => {
    server.faults.order({}, { kind: 'status', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 7 });
    await assert.rejects(server.client().list(configMaps, {}), { name: 'ApiError', code: 429, retryAfterSeconds: 7 });
  });

  it('is not repeated', async () => {
    server.faults.order({}, { kind: 'status', code: 500 });
    await assert.rejects(server.client().apply(configMap('one'), options), ApiError);
    assert.equal(server.requests.length, 1);
  });

  it('is a ConnectionError where nobody answers in time, and the next one is served', async () => {
    const clock = new VirtualClock();
    const client = server.client({ clock });
    server.faults.order({}, { kind: 'silence' });
    const asked = assert.rejects(client.get(configMaps, { name: 'one' }), { name: 'ConnectionError', message: /no answer within 30 s/ }); // prettier-ignore
    await server.requested({ method: 'GET' });
    clock.advance(30_000);
    await asked;
    assert.equal(await client.get(configMaps, { namespace: 'default', name: 'one' }), undefined);
  });

  it('is a ConnectionError where its token does not come in time', async () => {
    const clock = new VirtualClock();
    const current = () => new Promise<never>(() => undefined);
    const connection = new ApiConnection({ credentials: { ...server.credentials(), current }, clock });
    const client = new HttpKubeClient({ connection, clock });
    const asked = assert.rejects(client.get(configMaps, { name: 'one' }), { name: 'ConnectionError', message: /no answer within 30 s/ }); // prettier-ignore
    clock.advance(30_000);
    await asked;
  });

  it('is a ConnectionError where nobody listens', async () => {
    const client = server.client();
    await server.close();
    await assert.rejects(client.get(configMaps, { name: 'one' }), ConnectionError);
  });
});

describe('The write gate', () => {
  it('lets reads pass and refuses writes before they leave', async () => {
    const client = server.client({ gate: { mayWrite: false } });
    await assert.rejects(client.apply(configMap('one'), options), WriteRefused);
    await client.list(configMaps, {});
    assert.deepEqual(server.requests.map(({ method }) => method), ['GET']); // prettier-ignore
  });

  it('judges a write that waited for a connection when its turn comes', async () => {
    const gate = { mayWrite: true };
    const client = server.client({ gate });
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    server.faults.order({ method: 'PATCH' }, { kind: 'hold', until }, 16);
    const writes = Array.from({ length: 40 }, (_, i) => client.apply(configMap(`c${i}`), options));
    const settled = Promise.allSettled(writes);
    await server.requested({ method: 'PATCH' }, 16);
    gate.mayWrite = false;
    release();
    const outcomes = await settled;
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 16);
    assert.equal(server.count({ method: 'PATCH' }), 16);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof WriteRefused);
  });
});

describe('A watch', () => {
  const query = { namespace: 'default', resourceVersion: '1', timeoutSeconds: 300 };

  it('tells events from its version on, bookmarks among them, until the server ends it', async () => {
    const seen: string[] = [];
    const client = server.client();
    server.put(configMap('one'));
    const watching = client.watch(
      configMaps,
      query,
      { onEvent: (type, { metadata }) => seen.push(`${type} ${metadata.name}`), onOpen: () => seen.push('open') },
      new AbortController().signal,
    );
    await server.requested({ isWatch: true });
    server.put(configMap('one', { a: '1' }));
    server.delete(configMaps, 'default', 'one');
    server.watches.bookmark(server.storage.version);
    server.watches.close();
    await watching;
    assert.deepEqual(seen, ['open', 'ADDED one', 'MODIFIED one', 'DELETED one', 'BOOKMARK undefined']);
  });

  const faults: readonly [string, () => void, object][] = [
    ['a 410 in the stream', () => server.watches.sendGone(), { name: 'ApiError', code: 410, reason: 'Expired' }],
    ['a reset', () => server.watches.reset(), { name: 'ConnectionError' }],
    [
      'octets that are no event',
      () => server.watches.sendRaw('<html>\n'),
      { name: 'ConnectionError', message: /no JSON/ },
    ],
    ['an event of another world', () => server.watches.sendRaw('{"type":"WHAT"}\n'), { message: /event type WHAT/ }],
    ['a line without an end', () => server.watches.sendRaw('x'.repeat(9_000_000)), { message: /a line has more than/ }],
  ];
  for (const [what, cause, expected] of faults) {
    it(`rejects at ${what}`, async () => {
      const client = server.client();
      const watching = assert.rejects(client.watch(configMaps, query, { onEvent: () => undefined }, new AbortController().signal), expected); // prettier-ignore
      await server.requested({ isWatch: true });
      cause();
      await watching;
    });
  }

  it('rejects where the server refuses it', async () => {
    server.storage.compact();
    server.put(configMap('one'));
    server.storage.compact();
    const watching = server
      .client()
      .watch(configMaps, query, { onEvent: () => undefined }, new AbortController().signal);
    await assert.rejects(watching, { code: 410 });
  });

  it('resolves when it is aborted, and its connection is closed', async () => {
    const abort = new AbortController();
    const watching = server.client().watch(configMaps, query, { onEvent: () => undefined }, abort.signal);
    await server.requested({ isWatch: true });
    abort.abort();
    await watching;
  });
});
