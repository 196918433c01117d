/** Several SBCs on one machine: two instances of one directory, and two `sbc local`, each on addresses of its own. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { identify } from '../../operator/src/local/process-identity.ts';
import { FQDN, PBX_NUMBER } from '../kit/ground.ts';
import { LocalSbc, writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk, sbcInstance, teamsTrunk, tlsSecret } from '../kit/manifests.ts';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { Pod } from './local-observe.ts';
import { raiseSimulatedStage, type LaidGround } from './local-stage.ts';

const SECOND = 'edge-0.voice.example.com';

/** A second instance with trunks of its own, beside the ground's `sbc`, on the address .11. */
async function writeSecond({ block, ground }: LaidGround): Promise<void> {
  const { certificate, key } = await ground.pki.sbc(SECOND);
  const hostAliases = ground.dataCentres.map(({ host, address }) => ({ ip: address, hostnames: [host] }));
  const endpoints = ground.dataCentres.map(({ host }) => `${host}:5061`);
  const text = [
    sbcInstance({
      name: 'edge',
      domain: 'voice.example.com',
      address: block.address(11),
      tlsSecret: 'edge-tls',
      hostAliases,
    }),
    teamsTrunk({
      name: 'edge-teams',
      instance: 'edge',
      trustConfigMap: 'microsoft-roots',
      allowCIDRs: [block.cidr],
      endpoints,
    }),
    pbxTrunk({
      name: 'edge-pbx',
      instance: 'edge',
      peers: [`${ground.at.pbx}:5060`],
      allowCIDRs: [`${ground.at.pbx}/32`],
    }),
    tlsSecret('edge-tls', certificate, key),
  ];
  writeManifest(ground.below('manifests'), 'edge.yaml', text.join('---\n'));
}

test('two instances of one directory carry calls at the same time, each through its own RTPEngine', async (t) => {
  const laid = await raiseSimulatedStage(t, { prepare: writeSecond });
  const { block, directory, ground, sbc, simulator } = laid;
  const pods = [new Pod(sbc, ground.at.sbc, 'sbc-0'), new Pod(sbc, block.address(11), 'edge-0')];
  // The stage waits for the pod that is ready first.
  for (const name of ['sbc-0', 'edge-0'])
    await sbc.waitFor(
      (event) => event.event === 'ready' && event.pod === name && event.adminSocket !== undefined,
      30_000,
    );
  await ground.startPbx();
  const second = await secondSimulator(t, laid);
  const calls = [
    await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER }),
    await second.call({ sbc: `${SECOND}:5061`, to: PBX_NUMBER }),
  ];
  await Promise.all(calls.map((call) => call.answered));
  for (const pod of pods) {
    assert.equal((await pod.mediaSessions()).length, 1);
    assert.equal(await pod.metric('sbc_calls_active'), 1);
  }
  await t.test(
    'the address in the SDP that Teams gets is the public one that the status of the pod shows',
    async () => {
      for (const [at, [fqdn, address]] of Object.entries([
        [FQDN, ground.at.sbc],
        [SECOND, block.address(11)],
      ] as const)) {
        const { advertised } = await pods[Number(at)]!.status();
        assert.deepEqual(advertised, { fqdn, mediaAddress: address });
        assert.deepEqual(new Set(calls[Number(at)]!.remoteSdp.match(/^c=.*$/gm)), new Set([`c=IN IP4 ${address}`]));
        assert.match(
          await sbc.ask('status', `--pod=${at === '0' ? 'sbc-0' : 'edge-0'}`),
          new RegExp(`known to Teams as ${fqdn}, media at ${address}$`.replaceAll('.', '\\.'), 'm'),
        );
      }
    },
  );

  await t.test('one of them goes, and the other one does not notice', async () => {
    const before = pods[0]!.pid('runtime');
    await calls[1]!.bye();
    await pods[1]!.isEmpty();
    rmSync(join(directory, 'manifests', 'edge.yaml'));
    await sbc.waitFor(({ event, pod }) => event === 'ended' && pod === 'edge-0');
    assert.equal(pods[0]!.pid('runtime'), before);
    assert.equal(await pods[0]!.metric('sbc_calls_active'), 1);
    await calls[0]!.bye();
    await pods[0]!.isEmpty();
  });
});

test('two `sbc local` run side by side, and each ends alone', async (t) => {
  const [left, right] = [await raiseSimulatedStage(t), await raiseSimulatedStage(t)];
  await Promise.all([left.ground.startPbx(), right.ground.startPbx()]);
  const calls = await Promise.all(
    [left, right].map(({ simulator }) => simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER })),
  );
  await Promise.all(calls.map((call) => call.answered));
  await calls[0]!.bye();
  assert.equal(await left.sbc.stop(), 0);
  assert.equal(await right.pod.metric('sbc_calls_active'), 1);
  await calls[1]!.bye();
  await right.pod.isEmpty();
});

test('a second `sbc local` of the same directory is refused, and the first one goes on', async (t) => {
  const { directory, ground, pod, sbc } = await raiseSimulatedStage(t);
  const again = LocalSbc.start({ directory: ground.below('manifests'), runDirectory: join(directory, 'run') });
  await assert.rejects(again, new RegExp(`process ${sbc.process.pid} runs this directory already`));
  assert.equal(await pod.metric('sbc_calls_active'), 0);
});

test('an `sbc local` that was killed leaves its children behind; the next one ends them and serves', async (t) => {
  const { directory, ground, pod, sbc, simulator } = await raiseSimulatedStage(t);
  const orphans = [pod.pid('runtime'), pod.pid('rtpengine')];
  process.kill(sbc.process.pid!, 'SIGKILL');
  await sbc.process.ended;
  for (const pid of orphans) assert.ok(identify(pid));
  const next = await ground.startSbc(join(directory, 'run'));
  const notes = next.process.lines.filter((line) => line.includes('left over from an earlier run'));
  assert.equal(notes.length, 2);
  // Not `kill -0`: without somebody to collect it, a dead process keeps its id.
  for (const pid of orphans) assert.equal(identify(pid), undefined);
  await ground.startPbx();
  const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
  await call.answered;
  await call.bye();
  await new Pod(next, ground.at.sbc).isEmpty();
});

/** Microsoft's side for the second instance: it dials from addresses of its own. */
async function secondSimulator(t: TestContext, { block, ground }: LaidGround): Promise<TeamsSimulator> {
  const simulator = new TeamsSimulator({
    dataCentres: [{ host: 'sip.pstnhub.microsoft.com', address: block.address(41) }],
    identity: await ground.pki.microsoft(),
    trust: ground.pki.root,
    hosts: { [SECOND]: block.address(11) },
    optionsPeriodMs: 0,
  });
  t.after(() => simulator.stop());
  return simulator;
}
