import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { AdmissionPolicy } from './admission.ts';
import type { AdmissionRules } from './admission.ts';
import { CidrSet, plainAddress } from './cidr-set.ts';
import { Authority } from './testing/authority.ts';

const authority = new Authority();
after(() => authority.close());
const microsoftRoot = authority.selfSigned('Microsoft Root');
const privateRoot = authority.selfSigned('Private Root');
const SIP = 'sip.pstnhub.microsoft.com';
const teams = authority.issue(microsoftRoot, 'teams', { names: [SIP], purposes: 'serverAuth' });
const anybody = authority.issue(microsoftRoot, 'anybody', { names: ['evil.example.com'], purposes: 'serverAuth' });
const pbx = authority.issue(privateRoot, 'pbx', { names: ['pbx.example.com'], purposes: 'serverAuth,clientAuth' });
const pbxServerOnly = authority.issue(privateRoot, 'pbx', { names: ['pbx.example.com'], purposes: 'serverAuth' });
const nowMs = teams.x509.validFromDate.getTime() + 3_600_000;

const rules: AdmissionRules = {
  listeners: [
    { name: 'teams', protocol: 'TLS' },
    { name: 'secure', protocol: 'TLS' },
    { name: 'plain', protocol: 'UDP' },
  ],
  trunks: [
    {
      kind: 'TeamsTrunk',
      name: 'teams',
      listener: 'teams',
      allowCIDRs: ['52.112.0.0/14', '52.120.0.0/14'],
      tls: { trustBundle: 'microsoft', peerNames: [SIP] },
    },
    {
      kind: 'PbxTrunk',
      name: 'office',
      listener: 'secure',
      allowCIDRs: ['10.0.0.0/8', '2001:db8::/32'],
      tls: { trustBundle: 'private', peerNames: ['pbx.example.com'] },
    },
    {
      kind: 'PbxTrunk',
      name: 'unnamed',
      listener: 'secure',
      allowCIDRs: ['10.1.0.0/16'],
      tls: { trustBundle: 'private', peerNames: [] },
    },
    { kind: 'PbxTrunk', name: 'warehouse', listener: 'plain', allowCIDRs: ['10.0.0.7'] },
    { kind: 'PbxTrunk', name: 'without rule', listener: 'secure', allowCIDRs: ['0.0.0.0/0'] },
  ],
  trustBundles: [
    { name: 'microsoft', source: { preset: 'MicrosoftTeams' } },
    { name: 'private', source: { kind: 'Secret', name: 'ca', key: 'ca.crt' } },
  ],
};
const roots = (bundle: string) => (bundle === 'microsoft' ? [microsoftRoot.x509] : [privateRoot.x509]);
const policy = new AdmissionPolicy({ rules, roots });

test('an address belongs to the trunks of the listener whose ranges hold it', () => {
  assert.deepEqual(policy.trunksAt('teams', '52.123.255.255'), ['teams']);
  assert.deepEqual(policy.trunksAt('teams', '52.128.0.0'), []);
  assert.deepEqual(policy.trunksAt('secure', '10.1.2.3'), ['office', 'unnamed']);
  assert.deepEqual(policy.trunksAt('secure', '2001:db8::5'), ['office']);
  assert.deepEqual(policy.trunksAt('plain', '10.0.0.7'), ['warehouse']);
  assert.deepEqual(policy.trunksAt('plain', '10.0.0.8'), []);
  assert.deepEqual(policy.trunksAt('no such listener', '10.0.0.7'), []);
  assert.deepEqual(policy.trunksAt('plain', 'no address'), []);
});

test('the same address has the same answer, without a new list', () => {
  assert.equal(policy.trunksAt('teams', '52.112.0.1'), policy.trunksAt('teams', '52.112.0.1'));
});

test('Teams needs both, its range and its name', () => {
  assert.deepEqual(policy.judgePeer('teams', '52.112.0.1', [teams.x509], nowMs), {
    ok: true,
    trunks: ['teams'],
    formerTrunks: [],
  });
  assert.deepEqual(policy.judgePeer('teams', '192.0.2.1', [teams.x509], nowMs), {
    ok: false,
    reason: 'source-not-allowed',
  });
  assert.deepEqual(policy.judgePeer('teams', '52.112.0.1', [anybody.x509], nowMs), {
    ok: false,
    reason: 'name-mismatch',
  });
  assert.deepEqual(policy.judgePeer('teams', '52.112.0.1', [], nowMs), { ok: false, reason: 'no-certificate' });
});

test('the purpose is waived for Teams alone', () => {
  assert.deepEqual(policy.judgePeer('secure', '10.2.0.1', [pbx.x509], nowMs), {
    ok: true,
    trunks: ['office'],
    formerTrunks: [],
  });
  assert.deepEqual(policy.judgePeer('secure', '10.2.0.1', [pbxServerOnly.x509], nowMs), {
    ok: false,
    reason: 'wrong-purpose',
  });
});

test('a PBX without peer names is known by its range', () => {
  assert.deepEqual(policy.judgePeer('secure', '10.1.0.1', [], nowMs), {
    ok: true,
    trunks: ['unnamed'],
    formerTrunks: [],
  });
});

test('a server that we dialled is verified by the dialled name, and may call only where it might have dialled us', () => {
  const dialled = { trunk: 'office', listener: 'secure', address: '10.0.0.1' };
  assert.deepEqual(policy.judgeDialled({ ...dialled, host: 'pbx.example.com', chain: [pbxServerOnly.x509] }, nowMs), {
    verdict: 'ok',
    mayCall: true,
    mayGoOn: false,
  });
  assert.deepEqual(
    policy.judgeDialled({ ...dialled, address: '192.0.2.1', host: 'pbx.example.com', chain: [pbx.x509] }, nowMs),
    { verdict: 'ok', mayCall: false, mayGoOn: false },
  );
  assert.equal(
    policy.judgeDialled({ ...dialled, host: 'pbx.example.com', chain: [teams.x509] }, nowMs).verdict,
    'untrusted-root',
  );
  assert.equal(
    policy.judgeDialled({ ...dialled, trunk: 'gone', host: 'pbx.example.com', chain: [pbx.x509] }, nowMs).verdict,
    'untrusted-root',
  );
});

test('a name that somebody wrote into a Contact is dialled, but lets nobody call', () => {
  const dialled = {
    trunk: 'teams',
    listener: 'teams',
    address: '52.112.0.1',
    host: 'evil.example.com',
    chain: [anybody.x509],
  };
  assert.deepEqual(policy.judgeDialled(dialled, nowMs), { verdict: 'ok', mayCall: false, mayGoOn: false });
});

test('rules are replaced as a whole, and those that cannot be read leave the ones before in force', () => {
  const replaced = new AdmissionPolicy({ rules, roots });
  const broken = {
    ...rules,
    trunks: [{ kind: 'PbxTrunk', name: 'x', listener: 'plain', allowCIDRs: ['10.0.0.0/33'] }],
  } as const;
  assert.throws(() => replaced.replace(broken), /Cannot read the address range "10.0.0.0\/33"/);
  assert.deepEqual(replaced.trunksAt('plain', '10.0.0.7'), ['warehouse']);
  replaced.replace({ ...rules, trunks: [] });
  assert.deepEqual(replaced.trunksAt('plain', '10.0.0.7'), []);
});

test('the rules of an earlier document let its peers go on beside the new ones, under a name of their own', () => {
  const moved = new AdmissionPolicy({ rules, roots });
  const next = {
    ...rules,
    trunks: rules.trunks.flatMap((trunk) => {
      if (trunk.name === 'teams') return [];
      return [trunk.name === 'warehouse' ? { ...trunk, allowCIDRs: ['10.0.0.9'] } : trunk];
    }),
  };
  const former = { ...rules, trunks: rules.trunks.filter(({ name }) => name === 'warehouse' || name === 'teams') };
  moved.replace(next, former);
  assert.deepEqual([moved.trunksAt('plain', '10.0.0.7'), moved.formerTrunksAt('plain', '10.0.0.7')], [[], ['warehouse']]); // prettier-ignore
  assert.deepEqual([moved.trunksAt('plain', '10.0.0.9'), moved.formerTrunksAt('plain', '10.0.0.9')], [['warehouse'], []]); // prettier-ignore
  assert.deepEqual(moved.judgePeer('teams', '52.112.0.1', [teams.x509], nowMs), {
    ok: true,
    trunks: [],
    formerTrunks: ['teams'],
  });
  assert.deepEqual(moved.judgePeer('teams', '52.112.0.1', [anybody.x509], nowMs), {
    ok: false,
    reason: 'name-mismatch',
  });
  const dialled = { trunk: 'teams', listener: 'teams', address: '52.112.0.1', host: SIP, chain: [teams.x509] };
  assert.deepEqual(moved.judgeDialled(dialled, nowMs), { verdict: 'ok', mayCall: false, mayGoOn: true });
  moved.replace(next);
  assert.deepEqual(moved.formerTrunksAt('plain', '10.0.0.7'), []);
  assert.equal(moved.judgeDialled(dialled, nowMs).verdict, 'untrusted-root');
});

test('a range holds exactly the addresses that share its prefix', () => {
  const bits = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 32 }), (range, address, prefix) => {
      const isInside = Math.floor(bits(range) / 2 ** (32 - prefix)) === Math.floor(bits(address) / 2 ** (32 - prefix));
      const set = new CidrSet([{ cidrs: [`${range}/${prefix}`], value: 'inside' }]);
      assert.deepEqual(set.at(address), isInside ? ['inside'] : []);
    }),
  );
});

test('an IPv4 address that a socket reports as IPv6 is the IPv4 address', () => {
  assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(plainAddress('2001:db8::1'), '2001:db8::1');
});
