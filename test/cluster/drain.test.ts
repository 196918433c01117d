/** A pod that is to stop, with a call on it: what the API says, and how a person hurries it. A real operator and a real runtime, with sound. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stillHears } from '../integration/local-observe.ts';
import { PBX_HERTZ, TEAMS_HERTZ } from '../kit/ground.ts';
import { FQDN, talk, TeamsStage, type Phones } from './calls/teams-stage.ts';
import { conditionIn } from './faults/stage.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

let cluster: ControlPlane;
let stage: TeamsStage;
let phones: Phones;
before(async () => {
  cluster = await startControlPlane({ name: 'drain' });
  stage = await TeamsStage.raise(cluster);
  stage.hosts[FQDN] = stage.podAddress;
  phones = { teams: await stage.teamsPhone(), pbx: await stage.pbxPhone() };
  const [, sip2, sip3] = stage.dataCentres;
  await stage.simulator([sip2, sip3], { optionsPeriodMs: 0 });
  await stage.startOperator();
  await stage.applyAll();
  await stage.objects.patch('sbcinstances', 'sbc', { spec: { drain: { timeoutSeconds: 3600 } } });
  await stage.objects.runsAnew();
  await stage.objects.says('teamstrunks', 'teams', 'Reachable', 'True PartlyReachable');
});
after(() => cluster.stop());

interface SaidEvent {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

const uidOfPod = async () => (await stage.objects.get('pods', 'sbc-0'))?.metadata.uid as string | undefined;
const draining = async () => conditionIn(await stage.objects.get('sbcinstances', 'sbc'), 'Draining');
const eventsAbout = async (wanted: string) =>
  ((await stage.objects.list('events')) as SaidEvent[]).filter(({ reason }) => reason === wanted);
const annotate = () =>
  stage.objects.patch('pods', 'sbc-0', { metadata: { annotations: { 'teams-sbc.dev/end-calls': 'now' } } });

async function isReplaced(before: string | undefined): Promise<void> {
  await until(async () => ![undefined, before].includes(await uidOfPod()), { what: 'the new pod', withinMs: 40_000 });
  await stage.objects.runs();
}

/** A call, and then a pod that waits for it. */
async function leaveWithCall(options: object = {}): Promise<string | undefined> {
  await talk(phones, 'pbx');
  const uid = await uidOfPod();
  await stage.objects.delete('pods', 'sbc-0', options);
  const isCounted = async () => / has 1 call left, /.test((await draining())?.message ?? '');
  await until(isCounted, { what: 'Draining', withinMs: 30_000 });
  return uid;
}

test('a pod that stays does not end its calls for the annotation, and an event says so', async () => {
  await talk(phones, 'pbx');
  await annotate();
  await until(async () => (await eventsAbout('EndCallsIgnored')).length > 0, { what: 'the event' });
  await Promise.all([stillHears(phones.teams, PBX_HERTZ), stillHears(phones.pbx, TEAMS_HERTZ)]);
  assert.equal(await stage.activeCalls(), 1);
  const [event] = await eventsAbout('EndCallsIgnored');
  assert.deepEqual([event?.regarding.kind, event?.regarding.name], ['Pod', 'sbc-0']);
  await phones.teams.hangUp();
  await Promise.all([phones.teams.waitFor('CALL_CLOSED'), phones.pbx.waitFor('CALL_CLOSED')]);
  await stage.objects.patch('pods', 'sbc-0', { metadata: { annotations: { 'teams-sbc.dev/end-calls': null } } });
});

test('while a pod waits for its call the condition tells pod, calls and the latest end, and the annotation ends it', async () => {
  const uid = await leaveWithCall();
  const told = await draining();
  assert.equal(told?.reason, 'PodsDraining');
  assert.match(told.message, /^sbc-0 has 1 call left, hung up at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at the latest$/);
  await Promise.all([stillHears(phones.teams, PBX_HERTZ), stillHears(phones.pbx, TEAMS_HERTZ)]);
  await annotate();
  await Promise.all([phones.teams.waitFor('CALL_CLOSED'), phones.pbx.waitFor('CALL_CLOSED')]);
  await isReplaced(uid);
  await stage.objects.says('sbcinstances', 'sbc', 'Draining', 'False NotDraining');
  await until(async () => (await eventsAbout('EndingCalls')).length === 1, { what: 'the event' });
});

test('a pod that drains follows a lower drain.timeoutSeconds', async () => {
  const uid = await leaveWithCall();
  await stage.objects.patch('sbcinstances', 'sbc', { spec: { drain: { timeoutSeconds: 1 } } });
  await Promise.all([phones.teams.waitFor('CALL_CLOSED'), phones.pbx.waitFor('CALL_CLOSED')]);
  await isReplaced(uid);
});

test('a grace period that is shorter than the drain ends with a BYE to both sides', async () => {
  await stage.objects.patch('sbcinstances', 'sbc', { spec: { drain: { timeoutSeconds: 3600 } } });
  await stage.objects.runsAnew();
  const hurried = (await eventsAbout('EndingCalls')).length;
  const uid = await leaveWithCall({ gracePeriodSeconds: 25 });
  await Promise.all([phones.teams.waitFor('CALL_CLOSED'), phones.pbx.waitFor('CALL_CLOSED')]);
  // Told after it was done.
  await until(async () => (await eventsAbout('EndingCalls')).length === hurried + 1, { what: 'the event' });
  await isReplaced(uid);
});

test('a pod whose node has another address is replaced at once, and an event says so', async () => {
  const uid = await uidOfPod();
  const { nodeName } = (await stage.objects.get('pods', 'sbc-0')).spec;
  const path = `/api/v1/nodes/${nodeName as string}/status`;
  const body = { status: { addresses: [{ type: 'InternalIP', address: '192.0.2.9' }] } };
  const contentType = 'application/merge-patch+json';
  assert.equal((await cluster.api.send('PATCH', path, { body, contentType })).status, 200);
  await until(async () => (await uidOfPod()) !== uid, { what: 'the end of the old pod', withinMs: 30_000 });
  // Told after it was done.
  const event = await until(async () => (await eventsAbout('NodeAddressChanged'))[0], { what: 'the event' });
  assert.match(event.note, /sbc-0 is replaced at once: it listens on .*, and its node .* has 192\.0\.2\.9 now/);
});
