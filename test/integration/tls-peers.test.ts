/** Who gets in over TLS and who does not: certificates, addresses, versions and suites, each refusal counted and told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HANDSHAKE, HELLO, recordWriter } from '../../sbc-runtime/src/transport/testing/tls-records.ts';
import { FQDN, PBX_NUMBER } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk, teamsTrunk, tlsSecret } from '../kit/manifests.ts';
import type { Leaf } from '../kit/pki.ts';
import { run } from '../kit/process.ts';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { eventually, Pod } from './local-observe.ts';
import { layGround, raiseSimulatedStage, type LaidGround } from './local-stage.ts';
import { askOverTls, openTls } from './tls-client.ts';

/** On the test's own PKI: a certificate that nobody has signed. */
async function selfSigned({ directory }: LaidGround): Promise<{ certificate: string; key: string }> {
  const file = (name: string) => join(directory, `self.${name}`);
  const subject = [
    '-subj',
    '/CN=sip.pstnhub.microsoft.com',
    '-addext',
    'subjectAltName=DNS:sip.pstnhub.microsoft.com',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '5',
    ...subject,
    '-keyout',
    file('key'),
    '-out',
    file('crt'),
  ]);
  return { certificate: readFileSync(file('crt'), 'latin1'), key: readFileSync(file('key'), 'latin1') };
}

test('peers that dial us', async (t) => {
  const stage = await raiseSimulatedStage(t, {
    prepare: async ({ ground }) => {
      const { certificate, key } = await ground.pki.leaf({ names: [FQDN, `*.${FQDN}`], days: 20 });
      writeManifest(ground.below('manifests'), 'secret.yaml', tlsSecret('sbc-tls', certificate, key));
    },
  });
  const { block, ground, pod } = stage;
  const { pki } = ground;
  const good = await pki.microsoft();
  let host = 100;
  /** Each from an address of its own: one line an address and minute is all that the log says. */
  const nextAddress = () => block.address(++host);

  await t.test("Microsoft's certificate is let in, and OPTIONS are answered", async () => {
    const heard = await askOverTls({ from: nextAddress(), to: pod.address, identity: good });
    assert.equal(heard.status, 200);
    assert.match(heard.text, /^Contact: <sip:sbc-0\.voice\.example\.com:5061;transport=tls>\r$/im);
  });

  await t.test('so is one for servers only, which Microsoft shows since 2026', async () => {
    const heard = await askOverTls({
      from: nextAddress(),
      to: pod.address,
      identity: await pki.microsoftServerAuthOnly(),
    });
    assert.equal(heard.status, 200);
  });

  const refused = [
    ['from another authority with the same name', await pki.rogueMicrosoft(), 'untrusted-root'],
    ['with another name', await pki.wrongName(), 'name-mismatch'],
    ['that ended yesterday', await pki.expiredMicrosoft(), 'expired'],
    ['that signs itself', await selfSigned(stage), 'untrusted-root'],
    [
      'for servers only under another name',
      await pki.leaf({ names: ['sip.example.net'], usages: ['serverAuth'] }),
      'name-mismatch',
    ],
    ['that is not there', undefined, 'no-certificate'],
  ] as const;
  const counted = new Map<string, number>();
  for (const [what, identity, reason] of refused) {
    await t.test(`a certificate ${what} is refused: ${reason}`, async () => {
      const from = nextAddress();
      const heard = await askOverTls({ from, to: pod.address, ...(identity === undefined ? {} : { identity }) });
      assert.equal(heard.status, undefined);
      counted.set(reason, (counted.get(reason) ?? 0) + 1);
      await pod.metricIs('sbc_peer_certificates_refused_total', { reason }, counted.get(reason)!);
      const line = await pod.logHas('Refused a peer', { address: from, reason: 'certificate-refused' });
      assert.equal(line['detail'], reason);
    });
  }

  await t.test('all of them are counted as refused connections too', async () => {
    await pod.metricIs('sbc_refused_total', { protocol: 'TLS', reason: 'certificate-refused' }, refused.length);
  });

  await t.test('a right certificate from an address outside allowCIDRs is refused before the handshake', async () => {
    const from = '127.9.9.9';
    const heard = await askOverTls({ from, to: pod.address, identity: good });
    assert.deepEqual([heard.status, heard.protocol], [undefined, null]);
    await pod.metricIs('sbc_refused_total', { protocol: 'TLS', reason: 'source-not-allowed' }, 1);
    await pod.logHas('Refused a peer', { address: from, reason: 'source-not-allowed', listener: 'teams-tls' });
  });

  for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.3'] as const) {
    await t.test(`${version} alone is refused`, async () => {
      const from = nextAddress();
      // Security level 0: our own OpenSSL would not even offer it.
      const tls = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
      const heard = await askOverTls({ from, to: pod.address, identity: good, tls });
      assert.equal(heard.status, undefined);
      assert.match(heard.problem ?? '', /protocol version/);
      const line = await pod.logHas('Refused a peer', { address: from, reason: 'handshake-failed' });
      assert.match(String(line['detail']), /TLS: unsupported protocol/);
    });
  }

  for (const cipher of [
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES256-SHA384',
    'ECDHE-RSA-AES128-SHA256',
  ]) {
    await t.test(`TLS 1.2 with ${cipher}, which Microsoft lists, is taken`, async () => {
      const tls = { maxVersion: 'TLSv1.2', ciphers: cipher } as const;
      const heard = await askOverTls({ from: nextAddress(), to: pod.address, identity: good, tls });
      assert.deepEqual([heard.status, heard.protocol, heard.cipher], [200, 'TLSv1.2', cipher]);
    });
  }

  for (const cipher of ['AES256-SHA256', 'ECDHE-RSA-AES128-SHA']) {
    await t.test(`TLS 1.2 with ${cipher}, which it does not list, is refused`, async () => {
      const tls = { maxVersion: 'TLSv1.2', ciphers: `${cipher}@SECLEVEL=0` } as const;
      const heard = await askOverTls({ from: nextAddress(), to: pod.address, identity: good, tls });
      assert.equal(heard.status, undefined);
    });
  }

  await t.test('a peer that has TLS 1.3 as well negotiates TLS 1.2, where nobody can send a KeyUpdate', async () => {
    const heard = await askOverTls({ from: nextAddress(), to: pod.address, identity: good });
    assert.deepEqual([heard.status, heard.protocol], [200, 'TLSv1.2']);
  });

  await t.test('renegotiation is refused, and who goes on trying is cut off', async () => {
    const from = nextAddress();
    const socket = openTls({ from, to: pod.address, identity: good });
    await once(socket, 'secureConnect');
    const said = await new Promise((resolve) => {
      socket.once('error', resolve);
      socket.renegotiate({}, resolve);
    });
    assert.match(String(said), /no renegotiation/);
    const place = { host: pod.address, port: 5061, localAddress: from };
    const { socket: flooder, record } = await recordWriter(place, { pem: good.certificate, key: good.key });
    flooder.write(Buffer.concat(Array.from({ length: 2000 }, () => record(HANDSHAKE, HELLO))));
    await new Promise((resolve) => flooder.once('close', resolve));
    await pod.logHas('Refused a peer', { address: from, reason: 'too-many-renegotiations' });
  });

  await t.test('whatever name a peer asks for, it is shown the certificate of the FQDN', async () => {
    for (const serverName of ['elsewhere.example.org', '']) {
      const heard = await askOverTls({ from: nextAddress(), to: pod.address, identity: good, serverName });
      assert.equal(heard.status, 200);
    }
  });

  await t.test('our own certificate is judged: status, metrics and log say how long it lasts', async () => {
    const [certificate] = (await pod.status()).certificates;
    assert.deepEqual(certificate?.keyUsages, ['serverAuth', 'clientAuth']);
    // Ours lasts for twenty days.
    assert.deepEqual(
      certificate.findings?.map(({ code, severity }) => [code, severity]),
      [['expires-soon', 'warning']],
    );
    const seconds = await pod.metric('sbc_certificate_expiry_seconds', { certificate: certificate.name });
    assert.equal(certificate.daysLeft, Math.floor(seconds / 86_400));
    assert.match(await stage.sbc.ask('status'), /\(19 days left\).*\n {4}warning: it expires in 19 days, on \d{4}-/);
    await pod.logHas('Certificate in force, with warnings', { certificate: certificate.name, daysLeft: 19 });
    const notes = stage.sbc.events.filter(({ event }) => event === 'note');
    assert.match(JSON.stringify(notes), /Secret\/sbc-tls stringData\.tls\.crt: the certificate expires in 19 days/);
  });

  await t.test('through all of that, calls work', async () => {
    await ground.startPbx();
    const call = await stage.simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await call.answered;
    await call.bye();
    await pod.isEmpty();
  });
});

test('a PBX over TLS, on a listener that is added while the SBC runs', async (t) => {
  const { block, ground, pod } = await raiseSimulatedStage(t);
  const directory = ground.below('manifests');
  const instance = readFileSync(join(directory, 'sbc.yaml'), 'utf8');
  const listeners = `  listeners:
    - {kind: TeamsTrunk, transport: TLS, port: 5061}
    - {kind: PbxTrunk, transport: UDP, port: 5060}
    - {kind: PbxTrunk, transport: TLS, port: 5062}
`;
  const trunk = pbxTrunk({
    name: 'secure',
    peers: [`${block.address(31)}:5061`],
    allowCIDRs: [block.cidr],
    optionsSeconds: 0,
  })
    .replace('transport: UDP', 'transport: TLS')
    .concat(
      '  tls: {trust: {caBundleRef: {kind: ConfigMap, name: microsoft-roots, key: ca.crt}}, peerNames: [pbx.example.net]}\n',
    );
  writeManifest(directory, 'sbc.yaml', instance.replace('spec:\n', `spec:\n${listeners}`));
  writeManifest(directory, 'secure.yaml', trunk);
  // The two files may be applied one after the other: the listener first, its trunk a moment later.
  await eventually(
    'the trunk is there',
    () => pod.status(),
    ({ trunks }) => trunks.some(({ name }) => name === 'secure'),
  );
  const ask = async (usages: readonly ('serverAuth' | 'clientAuth')[], name = 'pbx.example.net') =>
    askOverTls({
      from: block.address(31),
      to: pod.address,
      port: 5062,
      identity: await ground.pki.leaf({ names: [name], usages }),
    });

  await t.test('a certificate for clients under its name is let in', async () => {
    assert.equal((await ask(['serverAuth', 'clientAuth'])).status, 200);
    assert.equal((await ask(['clientAuth'])).status, 200);
  });

  await t.test(
    'a certificate for servers only is refused: what is waived for Microsoft is waived for nobody else',
    async () => {
      assert.equal((await ask(['serverAuth'])).status, undefined);
      await pod.metricIs('sbc_peer_certificates_refused_total', { reason: 'wrong-purpose' }, 1);
    },
  );

  await t.test("Microsoft's name is not the PBX's", async () => {
    assert.equal((await ask(['serverAuth', 'clientAuth'], 'sip.pstnhub.microsoft.com')).status, undefined);
    await pod.metricIs('sbc_peer_certificates_refused_total', { reason: 'name-mismatch' }, 1);
  });
});

test('data centres that we dial and that show a wrong certificate are down, and status says why', async (t) => {
  const laid = await layGround(t);
  const { directory, ground } = laid;
  const { pki, dataCentres } = ground;
  const identities = [await pki.rogueMicrosoft(), await pki.wrongName(), await pki.expiredMicrosoft()];
  const simulators = dataCentres.map(
    (dataCentre, at) =>
      new TeamsSimulator({
        dataCentres: [dataCentre],
        identity: identities[at]!,
        trust: pki.root,
        hosts: { [FQDN]: ground.at.sbc },
        optionsPeriodMs: 0,
      }),
  );
  for (const simulator of simulators) {
    await simulator.start();
    ground.endsWith(() => simulator.stop());
  }
  await ground.writeManifests(simulators.flatMap((simulator) => simulator.hostAliases()));
  const endpoints = dataCentres.map(({ host }) => `${host}:5061`);
  writeManifest(
    ground.below('manifests'),
    'teams.yaml',
    teamsTrunk({ trustConfigMap: 'microsoft-roots', allowCIDRs: [laid.block.cidr], endpoints, optionsSeconds: 1 }),
  );
  const sbc = await ground.startSbc(join(directory, 'run'));
  const pod = new Pod(sbc, ground.at.sbc);
  const targets = () => pod.status().then(({ trunks }) => trunks.find(({ name }) => name === 'teams')?.targets ?? []);

  const down = await eventually('all three are down', targets, (seen) => seen.every(({ state }) => state === 'Down'));
  assert.deepEqual(
    down.map(({ host, lastFailure }) => [host, /certificate refused: (\S+)/.exec(lastFailure ?? '')?.[1]]),
    [
      [dataCentres[0].host, 'untrusted-root'],
      [dataCentres[1].host, 'name-mismatch'],
      [dataCentres[2].host, 'expired'],
    ],
  );
  const text = await sbc.ask('status');
  for (const reason of ['untrusted-root', 'name-mismatch', 'expired'])
    assert.match(text, new RegExp(`Down, .*certificate refused: ${reason}`));
  for (const [at, reason] of ['untrusted-root', 'name-mismatch', 'expired'].entries())
    await pod.logHas('Could not connect', { host: dataCentres[at]!.host, reason: `certificate refused: ${reason}` });
  assert.ok((await pod.metric('sbc_peer_certificates_refused_total', { reason: 'untrusted-root' })) >= 1);
  for (const simulator of simulators) assert.deepEqual(simulator.log.received('OPTIONS'), []);

  const showsInstead = async (at: 0 | 1 | 2, identity: Leaf) => {
    await simulators[at]!.stop();
    const next = new TeamsSimulator({
      dataCentres: [dataCentres[at]],
      identity,
      trust: pki.root,
      hosts: { [FQDN]: ground.at.sbc },
      optionsPeriodMs: 0,
    });
    await next.start();
    ground.endsWith(() => next.stop());
  };

  await t.test('a certificate for clients only is none for a server', async () => {
    await showsInstead(1, await pki.leaf({ names: [dataCentres[1].host], usages: ['clientAuth'] }));
    await eventually('the second tells the purpose', targets, (seen) =>
      /wrong-purpose/.test(seen[1]?.lastFailure ?? ''),
    );
  });

  await t.test('once it shows the right one, it is up again', async () => {
    await showsInstead(0, await pki.microsoft());
    await eventually('the first is up', targets, ([first]) => first?.state === 'Up');
  });
});
