/** A call with sound goes on while everything around it changes: peers, trunks, the certificate, and a manifest that is wrong. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { FQDN, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk, teamsTrunk, tlsSecret } from '../kit/manifests.ts';
import { eventAfter, eventually, stillHears } from './local-observe.ts';
import { raiseSoundStage, talk } from './local-stage.ts';
import { askOverTls, openTls, serialOf } from './tls-client.ts';

test('a call with sound outlives every change of the manifests around it', async (t) => {
  const stage = await raiseSoundStage(t);
  const { block, ground, sbc, pod, simulator, teams, pbx } = stage;
  const manifests = ground.below('manifests');
  const write = (file: string, text: string) => writeManifest(manifests, file, text);
  const [one, two] = [`${block.address(30)}:5060`, `${block.address(31)}:5060`];
  const allowCIDRs = [`${block.prefix}.30/31`];
  const second = await Baresip.start({
    name: 'second PBX baresip',
    directory: ground.below('second'),
    address: block.address(31),
    accounts: [`sip:${PBX_NUMBER}@${block.address(31)}`],
    outbound: `sip:${pod.address}:5060;transport=udp`,
    tone: ground.tone('second', PBX_HERTZ),
  });
  ground.endsWith(() => second.stop());

  // It stands from here to the end.
  await talk(stage);
  const [session] = await pod.mediaSessions();

  const isUp = async () => {
    assert.ok(session !== undefined && (await pod.mediaSessions()).includes(session));
    for (const phone of [teams, pbx]) assert.ok(!phone.events.some(({ type }) => type === 'CALL_CLOSED'));
  };
  const newCall = async (to: Baresip) => {
    const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await call.answered;
    await to.waitFor('CALL_ESTABLISHED');
    await call.bye();
    await to.waitFor('CALL_CLOSED');
  };
  const isApplied = (event: { event: string }) => event.event === 'applied';

  await t.test('a PbxTrunk with another peer: new calls go there, the old one stays where it is', async () => {
    await eventAfter(sbc, () => write('pbx.yaml', pbxTrunk({ peers: [two], allowCIDRs })), isApplied);
    await newCall(second);
    await isUp();
    const { trunks } = await pod.status();
    assert.deepEqual(
      trunks.find(({ name }) => name === 'pbx')?.targets.map(({ host }) => host),
      [block.address(31)],
    );
  });

  await t.test('a second TeamsTrunk and a second PbxTrunk come and go', async () => {
    const customer = teamsTrunk({
      name: 'customer',
      trustConfigMap: 'microsoft-roots',
      allowCIDRs: [block.cidr],
      endpoints: [`${ground.dataCentres[1].host}:5061`],
    });
    const more = `${customer}  subdomain: customer1\n---\n${pbxTrunk({ name: 'carrier', peers: [one], allowCIDRs })}`;
    await eventAfter(sbc, () => write('more.yaml', more), isApplied);
    assert.deepEqual((await pod.status()).trunks.map(({ name }) => name).sort(), [
      'carrier',
      'customer',
      'pbx',
      'teams',
    ]);
    // Who is whose destination nobody has said: design.md §6.
    const unrouted = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await assert.rejects(unrouted.answered, /404/);
    await isUp();
    await eventAfter(sbc, () => rmSync(join(manifests, 'more.yaml')), isApplied);
    await newCall(second);
    await isUp();
  });

  await t.test('a renewed certificate is shown to new handshakes, and calls go on', async () => {
    const own = await ground.pki.leaf({ names: [FQDN, `*.${FQDN}`, `renewed.${FQDN}`] });
    const asMicrosoft = { from: block.address(40), to: pod.address, identity: await ground.pki.microsoft() };
    const before = await pod.status();
    // As Microsoft's connections, which stay open between calls.
    const standing = openTls(asMicrosoft);
    await once(standing, 'secureConnect');
    standing.write('\r\n\r\n');
    await once(standing, 'data');
    const closed = once(standing, 'close');
    await eventAfter(
      sbc,
      () => write('secret.yaml', tlsSecret('sbc-tls', own.certificate, own.key)),
      (event) => event.event === 'wrote',
    );
    await eventually(
      'the new serial number',
      () => askOverTls(asMicrosoft),
      ({ serial }) => serial === serialOf(own.certificate),
    );
    assert.notDeepEqual((await pod.status()).certificates, before.certificates);
    await closed;
    await newCall(second);
    await isUp();
  });

  await t.test('a new certificate with the key of another is refused, and the one before serves on', async () => {
    const [own, other] = [await ground.pki.leaf({ names: [FQDN, `bad.${FQDN}`] }), await ground.pki.sbc(FQDN)];
    const asMicrosoft = { from: block.address(41), to: pod.address, identity: await ground.pki.microsoft() };
    const { serial } = await askOverTls(asMicrosoft);
    const before = readFileSync(join(manifests, 'secret.yaml'), 'utf8');
    const { problems } = await eventAfter(
      sbc,
      () => write('secret.yaml', tlsSecret('sbc-tls', own.certificate, other.key)),
      ({ event }) => event === 'refused',
    );
    assert.match(problems?.[0] ?? '', /found the key of another certificate/);
    assert.equal((await askOverTls(asMicrosoft)).serial, serial);
    await newCall(second);
    await isUp();
    write('secret.yaml', before);
  });

  await t.test(
    'a broken manifest is refused with file, line, field, what was found and what is allowed; calls go on',
    async () => {
      const broken = pbxTrunk({ peers: [one], allowCIDRs }).replace('transport: UDP', 'transport: SCTP');
      const { problems } = await eventAfter(
        sbc,
        () => write('pbx.yaml', broken),
        ({ event }) => event === 'refused',
      );
      assert.equal(problems?.length, 1);
      assert.match(
        problems[0] ?? '',
        /manifests\/pbx\.yaml:6: PbxTrunk\/pbx spec\.transport: found .*SCTP.*, allowed .*UDP/,
      );
      await newCall(second);
      await isUp();
    },
  );

  await t.test('mended, it is applied', async () => {
    await eventAfter(sbc, () => write('pbx.yaml', pbxTrunk({ peers: [two, one], allowCIDRs })), isApplied);
    const { trunks } = await pod.status();
    assert.equal(trunks.find(({ name }) => name === 'pbx')?.targets.length, 2);
    await newCall(second);
    await isUp();
  });

  await t.test(
    'a listener on a port that somebody has is not applied, and says so; nothing of that change is in force',
    async () => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen({ host: pod.address, port: 5070, exclusive: true }, resolve));
      const instance = readFileSync(join(manifests, 'sbc.yaml'), 'utf8');
      const listeners = [
        '{kind: TeamsTrunk, transport: TLS, port: 5061}',
        '{kind: PbxTrunk, transport: UDP, port: 5060}',
        '{kind: PbxTrunk, transport: TCP, port: 5070}',
      ];
      const { hash: before } = await pod.status();
      const { reason } = await eventAfter(
        sbc,
        () => write('sbc.yaml', instance.replace('spec:\n', `spec:\n  listeners: [${listeners.join(', ')}]\n`)),
        ({ event }) => event === 'not-applied',
      );
      assert.match(reason ?? '', /:5070 .*in use/);
      const { hash, refusal } = await pod.status();
      assert.equal(hash, before);
      assert.match(refusal?.problems[0]?.message ?? '', /5070/);
      holder.close();
      await newCall(second);
      await isUp();
      await eventAfter(sbc, () => write('sbc.yaml', instance), isApplied);
      assert.equal((await pod.status()).refusal, undefined);
    },
  );

  await t.test('the old call still carries sound, and is hung up as if nothing had been', async () => {
    await Promise.all([stillHears(teams, PBX_HERTZ), stillHears(pbx, TEAMS_HERTZ)]);
    await pbx.hangUp();
    await teams.waitFor('CALL_CLOSED');
    await pod.isEmpty();
    await pod.metricIs('sbc_calls_ended_total', { result: 'success', reason: 'normal-clearing' }, 8);
    assert.equal(await sbc.stop(), 0);
  });
});
