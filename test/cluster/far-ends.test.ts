/** What a person reads: the far ends, refusals, certificates, addresses and gateways, from a real runtime to `kubectl get`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TeamsTrunkStatus } from '@teams-sbc/crds';
import type { Baresip } from '../kit/baresip.ts';
import { readTenants } from '../teams-simulator/settings.ts';
import type { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { teamsTrunk } from './calls/manifests.ts';
import { FQDN, TeamsStage } from './calls/teams-stage.ts';
import { conditionIn } from './faults/stage.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

let cluster: ControlPlane;
let stage: TeamsStage;
let pbx: Baresip;
/** One for each data centre: each can be away alone. */
let microsoft: TeamsSimulator[];
before(async () => {
  cluster = await startControlPlane({ name: 'far-ends' });
  stage = await TeamsStage.raise(cluster);
  microsoft = await Promise.all(stage.dataCentres.map((_, at) => raise(at)));
  pbx = await stage.pbxPhone();
  await stage.startOperator();
  await stage.applyAll({ optionsSeconds: 3, engine: 'None' });
  await stage.objects.runs();
  await stage.writeDns();
});
after(() => cluster.stop());

function placeOf(at: number) {
  const place = stage.dataCentres[at];
  assert.ok(place);
  return place;
}

const raise = (at: number, options: Parameters<TeamsStage['simulator']>[1] = {}) =>
  stage.simulator([placeOf(at)], { optionsPeriodMs: 2000, ...options });
/** Data centre by data centre, the former ones gone. */
async function replaceAll(options: Parameters<TeamsStage['simulator']>[1] = {}): Promise<void> {
  await Promise.all(microsoft.map((simulator) => simulator.stop()));
  microsoft = await Promise.all(stage.dataCentres.map((_, at) => raise(at, options)));
}

const status = async (name = 'teams') => (await stage.objects.get('teamstrunks', name)).status as TeamsTrunkStatus;
const says = (type: string, wanted: string, name = 'teams') =>
  stage.objects.says('teamstrunks', name, type, wanted, 60_000);
/** `Up Established` for each data centre. */
const states = async () => (await status()).dataCentres?.map(({ state, tls }) => `${state} ${tls ?? ''}`);
const statesAre = (...wanted: string[]) =>
  until(async () => JSON.stringify(await states()) === JSON.stringify(wanted), {
    what: wanted.join(', '),
    withinMs: 60_000,
  }).catch(async (error: unknown) => {
    throw new Error(`The last was ${JSON.stringify(await status(), undefined, 1)}`, { cause: error });
  });
const up = 'Up Established';
const ready = async () => (await stage.objects.condition('teamstrunks', 'teams', 'Ready'))?.status;

test('each data centre is up, over TLS, with OPTIONS both ways', async () => {
  await statesAre(up, up, up);
  await until(async () => (await status()).receivesOptions === 'Yes', {
    what: 'OPTIONS of Microsoft',
    withinMs: 40_000,
  });
  const { dataCentres } = await status();
  assert.deepEqual(dataCentres?.[0], {
    ...{ host: 'sip.pstnhub.microsoft.com', port: 5061, state: 'Up', lastStatus: 200, tls: 'Established' },
  });
  await says('Reachable', 'True Reachable');
  await says('Ready', 'True Ready');
});

test('what to register, what to put into DNS, and how long the certificate lasts', async () => {
  const { gateways, certificate, pods } = await status();
  assert.deepEqual(gateways, [{ fqdn: FQDN, port: 5061, pod: 'sbc-0', address: stage.podAddress }]);
  assert.deepEqual(pods, { ready: 1, inSync: 1 });
  const { status: instance } = await stage.objects.get('sbcinstances', 'sbc');
  assert.deepEqual(instance.addresses, [
    { pod: 'sbc-0', fqdn: FQDN, address: stage.podAddress, source: 'NodeExternalIP' },
  ]);
  for (const told of [certificate, instance.certificate]) {
    assert.equal(told.secretName, 'sbc-tls');
    assert.deepEqual(told.usages, ['serverAuth', 'clientAuth']);
    const days = (Date.parse(told.notAfter as string) - Date.now()) / 86_400_000;
    assert.ok(days > 89 && days < 91, String(days));
  }
});

test('nothing is written while nothing changes, however many OPTIONS go', async () => {
  await stage.objects.says('sbcinstances', 'sbc', 'Ready', 'True Ready');
  await stage.objects.says('pbxtrunks', 'pbx', 'Ready', 'True Ready');
  const versions = async () => {
    const objects = await Promise.all([
      ...['sbcinstances', 'teamstrunks', 'pbxtrunks'].map((plural) => stage.objects.list(plural as 'teamstrunks')),
    ]);
    return objects.flat().map(({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion}`);
  };
  const sent = () => microsoft.flatMap(({ log }) => log.received('OPTIONS')).length;
  const [before, sentBefore] = [await versions(), sent()];
  await delay(60_000);
  assert.deepEqual(await versions(), before);
  assert.ok(sent() > sentBefore + 30, `${sent() - sentBefore} OPTIONS`);
});

test('a data centre that is gone is down with the reason, and the trunk stays reachable', async () => {
  await microsoft[1]!.stop();
  const killedMs = performance.now();
  await statesAre(up, 'Down Unknown', up);
  // OPTIONS every 3 seconds, a look at the pod every second.
  assert.ok(performance.now() - killedMs < 20_000);
  const condition = await says('Reachable', 'True PartlyReachable');
  assert.equal(condition.message, 'sip2.pstnhub.microsoft.com:5061: connection refused (from sbc-0)');
  assert.equal((await status()).dataCentres?.[1]?.lastFailure, 'connection refused');
  assert.equal(await ready(), 'True');
});

test('all of them gone is not reachable; one back is', async () => {
  await Promise.all(microsoft.map((simulator) => simulator.stop()));
  await says('Reachable', 'False NoAnswer');
  await says('Ready', 'False NotReachable');
  microsoft[0] = await raise(0);
  await says('Reachable', 'True PartlyReachable');
  await replaceAll();
  await statesAre(up, up, up);
  await says('Reachable', 'True Reachable');
});

test('TLS that fails is told with the plain reason: their certificate, then ours', async () => {
  await microsoft[2]!.stop();
  microsoft[2] = await raise(2, { identity: await stage.pki.rogueMicrosoft() });
  await statesAre(up, up, 'Down Failed');
  const partly = await says('Reachable', 'True PartlyReachable');
  assert.equal(partly.message, 'sip3.pstnhub.microsoft.com:5061: TLS failed: untrusted-root (from sbc-0)');
  const stranger = await stage.otherAuthority();
  await replaceAll({ trust: stranger.root });
  await statesAre(...Array<string>(3).fill('Down Failed'));
  const none = await says('Reachable', 'False TlsFailed');
  assert.match(none.message, /^sip\.pstnhub\.microsoft\.com:5061: TLS failed: the peer (closed|reset) the connection/);
  await replaceAll();
  await statesAre(up, up, up);
});

test('a refusal of OPTIONS says what it means and what helps, and goes when OPTIONS are taken', async () => {
  await replaceAll({ tenants: readTenants('{"tenants": [{"name": "fabrikam", "domains": ["fabrikam.com"]}]}') });
  const { message } = await says('Reachable', 'False Refused');
  assert.match(message, /^sip\.pstnhub\.microsoft\.com:5061: answered 403 \(from sbc-0\)/);
  const { lastRefusal: said } = await status();
  assert.deepEqual(
    [said?.status, said?.reason, said?.method, said?.pod],
    [403, 'No trunk config was found', 'OPTIONS', 'sbc-0'],
  );
  assert.match(said?.meaning ?? '', /no tenant knows a gateway/);
  assert.match(said?.remedy ?? '', /New-CsOnlinePSTNGateway/);
  await replaceAll();
  await says('Reachable', 'True Reachable');
  await until(async () => (await status()).lastRefusal === undefined, { what: 'no refusal', withinMs: 40_000 });
});

test('words of Microsoft that no simulator comes to by itself are read as well', async () => {
  const reason =
    'Q.850;cause=63;text="4d0a6d1c-29f3-4f0c-8d7b-2d1d0c1f7c55;Record-Route and Contact headers are missing"';
  for (const simulator of microsoft) simulator.optionsAnswer = { status: 403, headers: { reason } };
  await says('Reachable', 'False Refused');
  const { lastRefusal } = await status();
  assert.deepEqual(
    [lastRefusal?.reason, lastRefusal?.meaning],
    ['Record-Route and Contact headers are missing', 'Microsoft found no FQDN of ours in the request'],
  );
  for (const simulator of microsoft) simulator.optionsAnswer = { status: 200 };
  await says('Reachable', 'True Reachable');
});

test('a call that is refused is told of, and takes no data centre down', async () => {
  // Without a media engine SDP crosses as it is: RTP without encryption.
  await pbx.dial(`sip:+4989111111@${FQDN}`);
  assert.match((await pbx.waitFor('CALL_CLOSED')).param ?? '', /488/);
  await until(async () => (await status()).lastRefusal?.method === 'INVITE', { what: 'the refusal', withinMs: 40_000 });
  const { dataCentres, lastRefusal } = await status();
  assert.deepEqual([lastRefusal?.status, lastRefusal?.reason], [488, 'SrtpEncryptionRequired']);
  assert.match(lastRefusal?.meaning ?? '', /without encryption/);
  assert.deepEqual(
    dataCentres?.map(({ lastStatus }) => lastStatus),
    [200, 200, 200],
  );
  await says('Reachable', 'True Reachable');
});

test('a tenant whose name the certificate lacks harms nobody, nor does it keep a new pod from starting', async () => {
  const endpoints = stage.dataCentres.map(({ host }) => ({ host, port: 5061 }));
  const spec = { endpoints, allowCIDRs: [cluster.block.cidr], options: { periodSeconds: 3 } };
  await stage.objects.apply(teamsTrunk('tenant', { ...spec, fqdns: ['sbc.tenant.example'] }));
  await says('Programmed', 'True InSync', 'tenant');
  const certificate = await stage.objects.says('sbcinstances', 'sbc', 'CertificateReady', 'False NameNotCovered');
  assert.match(certificate.message, /sbc\.tenant\.example/);
  await says('Reachable', 'False Refused', 'tenant');
  const { lastRefusal } = await status('tenant');
  assert.match(lastRefusal?.reason ?? '', /^Provided Trunk FQDN 'sbc\.tenant\.example' is not allowed/);
  assert.match(lastRefusal?.meaning ?? '', /certificate/);
  const { uid } = (await stage.objects.get('pods', 'sbc-0')).metadata;
  await stage.objects.delete('pods', 'sbc-0');
  // What the objects say may still be of the pod before it.
  const isNewAndReady = async () => {
    const pod = await stage.objects.get('pods', 'sbc-0');
    return ![undefined, uid].includes(pod?.metadata.uid) && conditionIn(pod, 'Ready')?.status === 'True';
  };
  await until(isNewAndReady, { what: 'a new pod', withinMs: 60_000 });
  await stage.objects.says('sbcinstances', 'sbc', 'Available', 'True Available');
  await says('Programmed', 'True InSync');
  await statesAre(up, up, up);
  const { containerStatuses } = (await stage.objects.get('pods', 'sbc-0')).status;
  assert.equal(containerStatuses[0].restartCount, 0);
});

test('a certificate that covers it heals it without a restart', async () => {
  await stage.brings(await stage.pki.leaf({ names: [FQDN, 'sbc.tenant.example'] }));
  await stage.objects.says('sbcinstances', 'sbc', 'CertificateReady', 'True Valid');
  await says('Reachable', 'True Reachable', 'tenant');
});
