/** Calls through an SBC that `kubectl apply` made: real sound through a real RTPEngine, while manifests change and the operator dies. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ChallengingPbx } from '../integration/challenging-pbx.ts';
import { stillHears } from '../integration/local-observe.ts';
import { PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ } from '../kit/ground.ts';
import type { TeamsCall } from '../teams-simulator/teams-call.ts';
import type { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { callRoute, numberPolicy, pbxTrunk, secret } from './calls/manifests.ts';
import { FQDN, hangUp, talk, TeamsStage, type Phones } from './calls/teams-stage.ts';
import type { OperatorProcess } from './faults/operators.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

const CARRIER_HOST = 31;
const first = { username: 'sbc-login', password: 'Zwiebelfisch-4711' };
const second = { username: 'sbc-login', password: 'Hurenkind-0815' };

let cluster: ControlPlane;
let stage: TeamsStage;
let operator: OperatorProcess;
/** Data centre sip and the PBX; sip2 and sip3 are simulated. */
let phones: Phones;
let simulator: TeamsSimulator;
let carrier: ChallengingPbx;
before(async () => {
  cluster = await startControlPlane({ name: 'calls' });
  stage = await TeamsStage.raise(cluster);
  stage.hosts[FQDN] = stage.podAddress;
  // Before the SBC: a phone that is not there yet at the first OPTIONS is down for a whole period, and calls go to sip2.
  phones = { teams: await stage.teamsPhone(), pbx: await stage.pbxPhone() };
  const [, sip2, sip3] = stage.dataCentres;
  simulator = await stage.simulator([sip2, sip3], { optionsPeriodMs: 0 });
  carrier = await ChallengingPbx.start({ address: cluster.block.address(CARRIER_HOST), login: first });
  cluster.endsWith(() => carrier.stop());
  operator = await stage.startOperator();
  await stage.applyAll();
  await stage.objects.runs();
  // The phone answers OPTIONS to nobody's name with 404, as Microsoft never does.
  await stage.objects.says('teamstrunks', 'teams', 'Reachable', 'True PartlyReachable');
});
after(() => cluster.stop());

const activeCallsAre = (count: number) =>
  until(async () => (await stage.activeCalls()) === count, { what: `${count} calls` });

/** From data centre sip2, without sound. */
const simulatedCall = (to: string): Promise<TeamsCall> => simulator.call({ sbc: `${FQDN}:5061`, to });

test('DNS is to say what the status says', async () => {
  const known = { ...stage.hosts };
  await stage.writeDns();
  assert.deepEqual(stage.hosts, known);
});

for (const from of ['teams', 'pbx'] as const) {
  test(`a call from ${from} has sound both ways, and leaves nothing behind`, async () => {
    await talk(phones, from);
    assert.equal(await stage.activeCalls(), 1);
    await hangUp(phones);
    await activeCallsAre(0);
  });
}

test('a CallRoute and a NumberPolicy that are applied during a call leave it alone, and the next call takes them', async () => {
  await talk(phones, 'teams');
  await stage.objects.apply(
    secret('carrier-login', 'kubernetes.io/basic-auth', first),
    pbxTrunk('carrier', cluster.block.address(CARRIER_HOST), { auth: { secretRef: { name: 'carrier-login' } } }),
    numberPolicy('to-national', [{ name: 'national', pattern: '+49(.*)', replacement: '0$1' }]),
    callRoute('out', {
      match: { from: { kind: 'TeamsTrunk', name: 'teams' } },
      translate: { called: { policyRef: { name: 'to-national' } } },
      destinations: [{ kind: 'PbxTrunk', name: 'carrier' }],
    }),
    callRoute('in', {
      match: { from: { kind: 'PbxTrunk', name: 'pbx' } },
      destinations: [{ kind: 'TeamsTrunk', name: 'teams' }],
    }),
  );
  for (const [plural, name] of [
    ['callroutes', 'out'],
    ['callroutes', 'in'],
    ['numberpolicies', 'to-national'],
    ['pbxtrunks', 'carrier'],
  ] as const)
    await stage.objects.says(plural, name, 'Programmed', 'True InSync');
  const next = await simulatedCall(PBX_NUMBER);
  await next.answered;
  assert.match(carrier.requests('INVITE')[0]?.uri ?? '', /^sip:03055555@/);
  await next.bye();
  await Promise.all([stillHears(phones.teams, PBX_HERTZ), stillHears(phones.pbx, TEAMS_HERTZ)]);
  assert.equal(await stage.activeCalls(), 1);
  await hangUp(phones);
  await activeCallsAre(0);
});

test('a login that changes is in force without a restart', async () => {
  const pid = stage.runtimePid;
  carrier.changesLogin(second);
  const refused = await simulatedCall(PBX_NUMBER);
  await assert.rejects(refused.answered);
  await until(async () => (await stage.objects.get('pbxtrunks', 'carrier')).status.lastRefusal?.status === 407, {
    what: 'the refusal',
    withinMs: 40_000,
  });
  const { lastRefusal } = (await stage.objects.get('pbxtrunks', 'carrier')).status;
  assert.match(lastRefusal.remedy as string, /spec\.auth/);
  await stage.objects.apply(secret('carrier-login', 'kubernetes.io/basic-auth', second));
  const takesTheLogin = async () => {
    const call = await simulatedCall(PBX_NUMBER);
    await call.answered;
    await call.bye();
    return true;
  };
  await until(takesTheLogin, { what: 'a call with the new login', everyMs: 300 });
  await activeCallsAre(0);
  assert.equal(stage.runtimePid, pid);
});

test('a call does not notice that the operator is killed, nor does the next one, nor that it is there again', async () => {
  await talk(phones, 'pbx');
  await operator.kill();
  await Promise.all([stillHears(phones.teams, PBX_HERTZ), stillHears(phones.pbx, TEAMS_HERTZ)]);
  const next = await simulatedCall(PBX_NUMBER);
  await next.answered;
  await next.bye();
  operator = await stage.startOperator(51);
  await operator.untilItLeads();
  await operator.untilItRests();
  await Promise.all([stillHears(phones.teams, PBX_HERTZ), stillHears(phones.pbx, TEAMS_HERTZ)]);
  await hangUp(phones);
  await activeCallsAre(0);
  await stage.objects.runs();
});

test('a pod that is deleted lets its call end first, and the new one takes calls', async () => {
  await talk(phones, 'pbx');
  const { uid } = (await stage.objects.get('pods', 'sbc-0')).metadata;
  await stage.objects.delete('pods', 'sbc-0');
  await Promise.all([stillHears(phones.teams, PBX_HERTZ), stillHears(phones.pbx, TEAMS_HERTZ)]);
  const refused = await simulatedCall(PBX_NUMBER);
  await assert.rejects(refused.answered, /503/);
  await hangUp(phones);
  await until(async () => ![undefined, uid].includes((await stage.objects.get('pods', 'sbc-0'))?.metadata.uid), {
    what: 'the new pod',
    withinMs: 40_000,
  });
  await stage.objects.runs();
  const next = await simulatedCall(PBX_NUMBER);
  await next.answered;
  await next.bye();
  await talk(phones, 'pbx');
  await hangUp(phones);
  await activeCallsAre(0);
});
