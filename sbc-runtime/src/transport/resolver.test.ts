import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { Answer, Lookup, SrvRecord } from './dns-cache.ts';
import { HostsFile, parseHosts } from './hosts-file.ts';
import { NameResolver, orderSrv } from './resolver.ts';
import type { Address, Target } from './resolver.ts';
import { firstOfAll } from './testing/loopback.ts';

const folder = mkdtempSync(join(tmpdir(), 'teams-sbc-hosts-'));
after(() => rmSync(folder, { recursive: true }));

/** DNS whose answers the test gives, and may change or withhold. */
class Dns implements Lookup {
  readonly asked: string[] = [];
  readonly a = new Map<string, Answer<string>>();
  readonly srvs = new Map<string, Answer<SrvRecord>>();
  state: 'answers' | 'fails' | 'is silent' = 'answers';

  addresses(name: string): Promise<Answer<string>> {
    return this.#answer(name, this.a);
  }

  srv(name: string): Promise<Answer<SrvRecord>> {
    return this.#answer(name, this.srvs);
  }

  #answer<T>(name: string, from: ReadonlyMap<string, Answer<T>>): Promise<Answer<T>> {
    this.asked.push(name);
    if (this.state === 'is silent') return new Promise(() => undefined);
    if (this.state === 'fails') return Promise.reject(new Error('SERVFAIL'));
    return Promise.resolve(from.get(name) ?? { records: [], ttlSeconds: 0 });
  }
}

function world(hostsPath?: string) {
  const clock = new VirtualClock();
  const dns = new Dns();
  const hosts = new HostsFile({ path: hostsPath, clock });
  const resolver = new NameResolver({ clock, random: firstOfAll, hosts, lookup: dns, family: 4 });
  const resolve = (target: Target) => new Promise<readonly Address[]>((done) => resolver.resolve(target, done));
  const settle = () => new Promise<void>((done) => setImmediate(done));
  return { clock, dns, resolver, resolve, settle };
}

const teams: Target = { protocol: 'TLS', host: 'sip.example.com', port: 5061 };

test('a literal needs no look-up and has the default port of its protocol', () => {
  const { resolver, dns } = world();
  assert.deepEqual(resolver.known({ protocol: 'UDP', host: '192.0.2.1' }), [{ address: '192.0.2.1', port: 5060 }]);
  assert.deepEqual(resolver.known({ protocol: 'TLS', host: '2001:db8::1' }), [{ address: '2001:db8::1', port: 5061 }]);
  assert.deepEqual(dns.asked, []);
});

test('with a port the name itself is resolved, once for all who wait, in the order of the answer', async () => {
  const { dns, resolve, resolver } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.2', '192.0.2.1'], ttlSeconds: 60 });
  const expected = [
    { address: '192.0.2.2', port: 5061 },
    { address: '192.0.2.1', port: 5061 },
  ];
  assert.equal(resolver.known(teams), undefined);
  assert.deepEqual(await Promise.all([resolve(teams), resolve({ ...teams, host: 'SIP.example.com.' })]), [
    expected,
    expected,
  ]);
  assert.deepEqual(dns.asked, ['sip.example.com']);
  assert.deepEqual(resolver.known(teams), expected);
});

test('without a port SRV comes first, by priority, and each target is resolved', async () => {
  const { dns, resolve, resolver } = world();
  dns.srvs.set('_sip._udp.pbx.example.com', {
    records: [
      { priority: 20, weight: 0, port: 5070, target: 'b.example.com' },
      { priority: 10, weight: 0, port: 5080, target: 'a.example.com' },
    ],
    ttlSeconds: 60,
  });
  dns.a.set('a.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  dns.a.set('b.example.com', { records: ['192.0.2.2'], ttlSeconds: 60 });
  const target: Target = { protocol: 'UDP', host: 'pbx.example.com' };
  const expected = [
    { address: '192.0.2.1', port: 5080 },
    { address: '192.0.2.2', port: 5070 },
  ];
  assert.deepEqual(await resolve(target), expected);
  assert.deepEqual(resolver.known(target), expected);
});

test('without a port and without SRV the name itself and the default port are used', async () => {
  const { dns, resolve } = world();
  dns.a.set('pbx.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  assert.deepEqual(await resolve({ protocol: 'TCP', host: 'pbx.example.com' }), [{ address: '192.0.2.1', port: 5060 }]);
  assert.deepEqual(dns.asked, ['_sip._tcp.pbx.example.com', 'pbx.example.com']);
});

const address = (addresses: readonly Address[] | undefined) => addresses?.[0]?.address;

test('an answer is believed for its TTL and no longer: the first who asks after it gets the new address', async () => {
  const { clock, dns, resolve, resolver } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  await resolve(teams);
  dns.a.set('sip.example.com', { records: ['192.0.2.9'], ttlSeconds: 60 });
  clock.advance(47_999);
  assert.equal(address(resolver.known(teams)), '192.0.2.1');
  assert.equal(dns.asked.length, 1);
  clock.advance(12_001);
  assert.equal(resolver.known(teams), undefined);
  assert.equal(address(await resolve(teams)), '192.0.2.9');
});

test('an answer in use is fetched anew before its TTL ends, and nobody waits for it', async () => {
  const { clock, dns, resolve, resolver, settle } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  await resolve(teams);
  dns.a.set('sip.example.com', { records: ['192.0.2.9'], ttlSeconds: 60 });
  clock.advance(48_000);
  for (let asked = 0; asked < 3; asked++) assert.equal(address(resolver.known(teams)), '192.0.2.1');
  await settle();
  clock.advance(12_000);
  assert.equal(address(resolver.known(teams)), '192.0.2.9');
  assert.equal(dns.asked.length, 2);
});

test('an address that DNS does not name any more is not used any more', async () => {
  const { clock, dns, resolve } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  await resolve(teams);
  dns.a.delete('sip.example.com');
  clock.advance(60_000);
  assert.deepEqual(await resolve(teams), []);
});

test('while DNS fails the old answer is used for an hour, and only the first who asks waits for the failure', async () => {
  const { clock, dns, resolve, resolver, settle } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  await resolve(teams);
  dns.state = 'fails';
  clock.advance(120_000);
  assert.equal(resolver.known(teams), undefined);
  assert.equal(address(await resolve(teams)), '192.0.2.1');
  for (let minute = 0; minute < 58; minute++) {
    assert.equal(address(resolver.known(teams)), '192.0.2.1');
    await settle();
    clock.advance(60_000);
  }
  assert.equal(dns.asked.length, 1 + 1 + 57, 'asked again each time, at most every five seconds');
  clock.advance(60_000);
  assert.deepEqual(await resolve(teams), []);
});

test('a DNS server that falls silent costs a call half a second once, and DNS is taken up again when it is back', async () => {
  const { clock, dns, resolve, resolver, settle } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  await resolve(teams);
  dns.state = 'is silent';
  clock.advance(60_000);
  const waiting = resolve(teams);
  clock.advance(500);
  assert.equal(address(await waiting), '192.0.2.1');
  assert.equal(address(resolver.known(teams)), '192.0.2.1', 'the next one does not wait');
  clock.advance(2_500);
  dns.state = 'answers';
  dns.a.set('sip.example.com', { records: ['192.0.2.9'], ttlSeconds: 60 });
  clock.advance(5_000);
  assert.equal(address(resolver.known(teams)), '192.0.2.1');
  await settle();
  assert.equal(address(resolver.known(teams)), '192.0.2.9');
});

test('a TTL of nothing is believed for five seconds', async () => {
  const { clock, dns, resolve, resolver } = world();
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 0 });
  await resolve(teams);
  clock.advance(3_999);
  resolver.known(teams);
  assert.equal(dns.asked.length, 1);
  clock.advance(1_001);
  assert.equal(resolver.known(teams), undefined);
});

test('an absent name is asked for again after five seconds', async () => {
  const { clock, dns, resolve, resolver } = world();
  assert.deepEqual(await resolve(teams), []);
  assert.deepEqual(resolver.known(teams), []);
  dns.a.set('sip.example.com', { records: ['192.0.2.1'], ttlSeconds: 60 });
  clock.advance(5_000);
  assert.equal((await resolve(teams))[0]?.address, '192.0.2.1');
});

test('a DNS server that is silent holds nobody up for longer than three seconds', async () => {
  const { clock, dns, resolve } = world();
  dns.state = 'is silent';
  const waiting = resolve(teams);
  clock.advance(3_000);
  assert.deepEqual(await waiting, []);
});

test('the hosts file is asked before SRV and DNS, and read again when it changes', async () => {
  const path = join(folder, 'hosts');
  writeFileSync(path, '# local\n192.0.2.7\tSip.Example.Com alias\n::1 sip.example.com\n');
  const { clock, dns, resolver } = world(path);
  assert.deepEqual(resolver.known({ protocol: 'TLS', host: 'sip.example.com' }), [
    { address: '192.0.2.7', port: 5061 },
  ]);
  writeFileSync(path, '192.0.2.88 sip.example.com\n');
  utimesSync(path, 1, 1);
  clock.advance(1_000);
  assert.deepEqual(resolver.known(teams), [{ address: '192.0.2.88', port: 5061 }]);
  rmSync(path);
  clock.advance(1_000);
  assert.equal(resolver.known(teams), undefined);
  assert.deepEqual(dns.asked, []);
});

test('a hosts file holds several addresses of a name in its order and every alias', () => {
  const hosts = parseHosts('10.0.0.1 a b # c\n\n10.0.0.2  a\r\n10.0.0.1 a\nlonely\n');
  assert.deepEqual(Object.fromEntries(hosts), { a: ['10.0.0.1', '10.0.0.2'], b: ['10.0.0.1'] });
});

test('SRV records keep their priorities whatever the draw, and none is lost', () => {
  const record = fc.record({
    priority: fc.nat(3),
    weight: fc.nat(100),
    port: fc.nat(65_535),
    target: fc.constantFrom('a', 'b', '.'),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (records, draws) => {
      const ordered = orderSrv(records, { token: () => '', below: (below) => Number(draws.next().value) % below });
      const offered = records.filter(({ target }) => target !== '.');
      assert.deepEqual(new Set(ordered), new Set(offered));
      assert.equal(ordered.length, offered.length);
      for (const [at, { priority }] of ordered.entries())
        assert.ok(at === 0 || priority >= (ordered[at - 1]?.priority ?? 0));
    }),
  );
});
