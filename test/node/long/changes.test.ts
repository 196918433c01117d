/** What people change while calls are up: the certificate, the authority behind it, routes, numbers, trunks, and what they get wrong. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { callRoute, numberPolicy, pbxTrunk, trustMap } from '../../cluster/calls/manifests.ts';
import { dial, shownBy } from '../../cluster/certificate/pod-tls.ts';
import { until } from '../../cluster/kit/until.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import type { PbxCall } from '../../kit/held-calls/pbx-call.ts';
import { PbxLine } from '../../kit/held-calls/pbx-line.ts';
import { Pki, type Leaf } from '../../kit/pki.ts';
import type { TeamsCall } from '../../teams-simulator/teams-call.ts';
import { figure } from '../kit/figure.ts';
import { assertUntouched, holdThrough } from '../kit/held-through.ts';
import { renewCertificate } from '../kit/renew-certificate.ts';
import { authority, DATA_CENTRES, DOMAIN } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const FQDN = `sbc-0.${DOMAIN}`;
/** A change is to be in force by then. */
const IN_FORCE_MS = 40_000;
const SECOND_PBX = 111;
const THIRD_PBX = 112;

let stage: VoiceStage;
let microsoft: Leaf;
before(async () => {
  stage = await VoiceStage.raise({ name: 'changes' });
  await stage.apply();
  microsoft = await stage.pki.microsoft();
});
after(() => stage.stop());

/** Calls are up and come while it happens; none is lost, ended or refused, and the pod stays. */
async function untouchedBy(t: TestContext, event: string, happen: () => Promise<unknown>): Promise<void> {
  assertUntouched(await holdThrough(t, stage, { event }, happen));
}

async function address(): Promise<string> {
  return (await stage.pod()).status.podIP as string;
}

/** RFC 5626 §4.4.1. False: it was closed, or nobody answered. */
async function answers(connection: TLSSocket): Promise<boolean> {
  const closed = new AbortController();
  connection.once('close', () => closed.abort());
  const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(5000)]);
  connection.write('\r\n\r\n');
  return once(connection, 'data', { signal }).then(
    () => true,
    () => false,
  );
}

/** Whether the gateway takes who shows that certificate for Microsoft; it says no within the handshake, or after it (TLS 1.3). */
async function takes(leaf: Leaf): Promise<boolean> {
  const connection = await dial(await address(), FQDN, leaf).catch(() => undefined);
  if (connection === undefined) return false;
  try {
    return await answers(connection);
  } finally {
    connection.destroy();
  }
}

async function untilIs(wanted: boolean, leaf: Leaf): Promise<void> {
  const what = wanted ? 'the certificate to be taken' : 'the certificate to be refused';
  await until(async () => (await takes(leaf)) === wanted, { what, withinMs: IN_FORCE_MS, everyMs: 200 });
}

async function programmed(...objects: [Parameters<VoiceStage['objects']['says']>[0], string][]): Promise<void> {
  for (const [plural, name] of objects)
    await stage.objects.says(plural, name, 'Programmed', 'True InSync', IN_FORCE_MS);
}

test('the certificate is renewed: new connections are shown the new one, the old one and its calls go on', async (t) => {
  const before = await shownBy(await address(), FQDN, microsoft);
  const connection = await dial(await address(), FQDN, microsoft);
  let servedAfterMs = 0;
  await untouchedBy(t, 'certificate renewed', async () => {
    await renewCertificate(stage.cluster.controlPlane, 'voice', 'sbc-tls');
    const fromMs = nowMs();
    const isShown = async () => (await shownBy(await address(), FQDN, microsoft)) !== before;
    await until(isShown, { what: 'the new certificate', withinMs: IN_FORCE_MS });
    servedAfterMs = nowMs() - fromMs;
    assert.equal(await answers(connection), true);
  });
  connection.destroy();
  figure(t, { event: 'certificate renewed', servedAfterMs });
  await stage.objects.says('sbcinstances', 'sbc', 'CertificateReady', 'True Valid');
});

test('the authority of both sides is replaced by another one: both are trusted, then all is issued anew, then the old one leaves', async (t) => {
  const next = await Pki.create(join(stage.cluster.controlPlane.directory, 'next-pki'), 'Next root CA');
  const [identity, both] = [await next.microsoft(), `${stage.pki.root}${next.root}`];
  assert.equal(await takes(identity), false);
  const after: Record<string, number> = {};
  await untouchedBy(t, 'authority replaced', async () => {
    const fromMs = nowMs();
    stage.simulator.renew({ trust: both });
    await stage.objects.apply(trustMap(both));
    await untilIs(true, identity);
    after['bothTrustedMs'] = nowMs() - fromMs;
    const before = await shownBy(await address(), FQDN, microsoft);
    await stage.objects.apply(...authority(next, 'next-authority'));
    await stage.objects.patch('sbcinstances', 'sbc', { spec: { tls: { issuerRef: { name: 'next-authority' } } } });
    const isShown = async () => (await shownBy(await address(), FQDN, identity)) !== before;
    await until(isShown, { what: 'the certificate of the next authority', withinMs: IN_FORCE_MS });
    after['issuedMs'] = nowMs() - fromMs;
    stage.simulator.renew({ identity });
    assert.equal(await takes(microsoft), true);
    stage.simulator.renew({ trust: next.root });
    await stage.objects.apply(trustMap(next.root));
    await untilIs(false, microsoft);
    after['oldGoneMs'] = nowMs() - fromMs;
  });
  figure(t, { event: 'authority replaced', ...after });
  microsoft = identity;
  // What was trusted long ago proves nothing: both sides dial anew.
  stage.simulator.loseConnections();
  await until(async () => (await stage.hold('pbx', 1)).hangUp({ by: 'pbx' }), {
    what: 'a call',
    withinMs: IN_FORCE_MS,
  });
  await stage.isReady();
});

const toTeams = callRoute('to-teams', {
  match: { from: { kind: 'PbxTrunk', name: 'pbx' } },
  destinations: [{ kind: 'TeamsTrunk', name: 'teams' }],
});
const toPbx = callRoute('to-pbx', {
  match: { from: { kind: 'TeamsTrunk', name: 'teams' } },
  destinations: [{ kind: 'PbxTrunk', name: 'pbx' }],
});
const toSecond = (prefix: string) =>
  callRoute('to-second', {
    priority: 10,
    match: { from: { kind: 'TeamsTrunk', name: 'teams' }, calledNumbers: [{ prefix }] },
    translate: { called: { policyRef: { name: 'national' } } },
    destinations: [{ kind: 'PbxTrunk', name: 'second' }],
  });
const national = (replacement: string) =>
  numberPolicy('national', [{ name: 'all', pattern: '\\+49(.*)', replacement }]);

/** A PBX of its own, and the next call that comes to it. */
async function otherPbx(host: number): Promise<{ readonly address: string; readonly next: () => Promise<PbxCall> }> {
  const [place] = [await stage.cluster.addAddress(host)];
  const line = await PbxLine.open({ address: place });
  stage.cluster.controlPlane.endsWith(() => line.close());
  const next = () =>
    new Promise<PbxCall>((resolve) => {
      line.onCall = (call) => {
        call.answer();
        resolve(call);
      };
    });
  return { address: place, next };
}

async function callFromTeams(to: string): Promise<TeamsCall> {
  const call = await stage.simulator.call({ sbc: stage.gateway(), to });
  await call.answered;
  return call;
}

test('routes, number policies and a trunk are added, changed and deleted: new calls follow, and those that are up keep what they have', async (t) => {
  await stage.objects.apply(toTeams, toPbx);
  await programmed(['callroutes', 'to-teams'], ['callroutes', 'to-pbx']);
  const [second, third] = [await otherPbx(SECOND_PBX), await otherPbx(THIRD_PBX)];
  await untouchedBy(t, 'route, number policy and trunk added, changed and deleted', async () => {
    await stage.objects.apply(pbxTrunk('second', second.address), national('0$1'), toSecond('+4977'));
    await programmed(['pbxtrunks', 'second'], ['numberpolicies', 'national'], ['callroutes', 'to-second']);
    const first = second.next();
    const kept = await callFromTeams('+4977200001');
    assert.equal((await first).number, '077200001');

    await stage.objects.apply(pbxTrunk('second', third.address), national('0049$1'), toSecond('+4978'));
    await programmed(['pbxtrunks', 'second'], ['numberpolicies', 'national'], ['callroutes', 'to-second']);
    const other = third.next();
    const changed = await callFromTeams('+4978200002');
    assert.equal((await other).number, '004978200002');

    for (const [plural, name] of [
      ['callroutes', 'to-second'],
      ['numberpolicies', 'national'],
      ['pbxtrunks', 'second'],
    ] as const)
      // prettier-ignore
      await stage.objects.delete(plural, name);
    await until(async () => !(await stage.objects.document()).trunks.some(({ name }) => name === 'second'), {
      what: 'a routing state without the trunk',
    });
    await stage.objects.runs();
    // Neither host is a peer any more; their calls end as calls end.
    assert.equal(await (await first).bye(), 200);
    assert.equal(await (await other).bye(), 200);
    await Promise.all([kept.ended, changed.ended]);
  });
});

test('the data centres of a TeamsTrunk are changed: new calls go to those that it names now', async (t) => {
  const endpoints = (hosts: readonly string[]) => ({
    spec: { endpoints: hosts.map((host) => ({ host, port: 5061 })) },
  });
  const [, ...others] = DATA_CENTRES;
  await untouchedBy(t, 'data centres changed', async () => {
    for (const hosts of [others, DATA_CENTRES]) {
      await stage.objects.patch('teamstrunks', 'teams', endpoints(hosts));
      await programmed(['teamstrunks', 'teams']);
      await stage.objects.says('teamstrunks', 'teams', 'Reachable', 'True Reachable', IN_FORCE_MS);
      const calls = await stage.hold('pbx', 1);
      assert.match(calls.pairs[0]?.teams.invite.uri ?? '', new RegExp(`@${hosts[0]?.replaceAll('.', '\\.')}`));
      assert.deepEqual(await calls.hangUp({ by: 'teams' }), [200]);
    }
  });
});

test('what is wrong is refused with its reason, and what was in force stays in force', async (t) => {
  const { hash } = await stage.objects.index();
  const wide = { match: {}, priority: 0 };
  const broken = [{ pattern: '+49(30' }];
  await untouchedBy(t, 'bad changes', async () => {
    const noDestination = stage.objects.apply(callRoute('nowhere', { ...wide, destinations: [] }));
    await assert.rejects(noDestination, /a route without destinations leads nowhere: add one, or set action to Reject/);
    await stage.objects.apply(
      callRoute('unreadable', { ...toPbx.spec, priority: 0, match: { calledNumbers: broken } }),
      pbxTrunk('no-listener', '172.30.0.113', { transport: 'TCP' }),
    );
    const refused = await stage.objects.says('callroutes', 'unreadable', 'Accepted', 'False InvalidPattern');
    assert.match(refused.message, /\+49\(30/);
    await stage.objects.says('pbxtrunks', 'no-listener', 'Accepted', 'False NoListener');
    assert.equal((await stage.objects.index()).hash, hash);
  });
  await stage.objects.delete('callroutes', 'unreadable');
  await stage.objects.delete('pbxtrunks', 'no-listener');
});
