/** The whole product and three data centres on real connections: refused, swallowed, sent away, and a trunk that comes later. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { tcpServer } from '../../sbc-runtime/src/transport/testing/loopback.ts';
import type { Baresip } from '../kit/baresip.ts';
import { BlackHole } from '../kit/black-hole.ts';
import { FQDN, TEAMS_NUMBER } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import type { DataCentre } from '../teams-simulator/connection.ts';
import type { TeamsCall } from '../teams-simulator/teams-call.ts';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { eventually, Pod } from './local-observe.ts';
import { layGround, type LaidGround } from './local-stage.ts';

const PORT = 5061;

type Simulated = readonly [DataCentre, ...DataCentre[]];

async function simulate({ ground }: LaidGround, dataCentres: Simulated): Promise<TeamsSimulator> {
  const identity = await ground.pki.microsoft();
  const trust = ground.pki.root;
  const hosts = { [FQDN]: ground.at.sbc };
  const simulator = new TeamsSimulator({ dataCentres, identity, trust, hosts, optionsPeriodMs: 0 });
  await simulator.start();
  ground.endsWith(() => simulator.stop());
  return simulator;
}

/** Data centres sip and sip2 are one simulator, sip3 is another; a phone at the PBX; the first OPTIONS are answered. */
async function raise(t: TestContext) {
  const laid = await layGround(t);
  const { ground, directory } = laid;
  const [sip, sip2, sip3] = ground.dataCentres;
  const first = await simulate(laid, [sip, sip2]);
  const last = await simulate(laid, [sip3]);
  await ground.writeManifests([...first.hostAliases(), ...last.hostAliases()]);
  const sbc = await ground.startSbc(join(directory, 'run'));
  const phone = await ground.startPbx();
  const pod = new Pod(sbc, ground.at.sbc);
  await areUp(laid, pod);
  return { ...laid, first, last, phone, pod };
}

/** OPTIONS of ours to each of them were answered. */
async function areUp({ ground }: LaidGround, pod: Pod): Promise<void> {
  for (const { host } of ground.dataCentres) await pod.logHas('Target changed', { host, is: 'Up' });
}

async function statesOf(pod: Pod): Promise<Record<string, string>> {
  const { trunks } = await pod.status();
  const targets = trunks.filter(({ name }) => name === 'teams').flatMap((trunk) => trunk.targets);
  return Object.fromEntries(
    targets.map(({ host, state, heldUntil }) => [host, Date.parse(heldUntil ?? '') > Date.now() ? 'held' : state]),
  );
}

/** The phone calls; resolves with the call as the data centre that answers it sees it, once it stands. */
async function dial(phone: Baresip, sbc: string, simulator: TeamsSimulator): Promise<TeamsCall> {
  const arrived = new Promise<TeamsCall>((resolve) => {
    simulator.onCall = (call) => {
      call.ring();
      call.answer();
      resolve(call);
    };
  });
  await phone.dial(`sip:${TEAMS_NUMBER}@${sbc}`);
  const call = await arrived;
  await call.answered;
  return call;
}

async function hangUp(phone: Baresip, call: TeamsCall): Promise<void> {
  await call.bye();
  await phone.waitFor('CALL_CLOSED');
}

test('sip refuses, sip2 swallows the connection: sip3 gets the call, and the next one without another try at sip2', async (t) => {
  const { ground, first, last, phone, pod } = await raise(t);
  const [sip, sip2, sip3] = ground.dataCentres;
  await first.stop();
  const hole = await BlackHole.open(sip2.address, PORT);
  t.after(() => hole.close());

  const call = await dial(phone, pod.address, last);
  assert.equal(call.invite.uri, `sip:${TEAMS_NUMBER}@${sip3.host}:${PORT};user=phone`);
  await pod.logHas('Could not connect', { host: sip.host, reason: 'connection refused' });
  await pod.logHas('Could not connect', { host: sip2.host, reason: 'connection timed out' });
  await pod.logHas('Target changed', { host: sip2.host, is: 'Down' });
  await hangUp(phone, call);
  assert.deepEqual(await statesOf(pod), { [sip.host]: 'Down', [sip2.host]: 'Down', [sip3.host]: 'Up' });

  // From here on sip2 would be heard to be dialled.
  await hole.close();
  const listener = await tcpServer(sip2.address, PORT);
  t.after(() => listener.close());
  const next = await dial(phone, pod.address, last);
  assert.equal(listener.accepted.size, 0, 'the silence of sip2 is known');
  await hangUp(phone, next);
  await pod.isEmpty();
});

test('503 with Retry-After: that connection is closed, the next data centre gets the call; after the time the first is dialled anew', async (t) => {
  const { ground, first, phone, pod } = await raise(t);
  const [sip, sip2] = ground.dataCentres;
  // As Microsoft does: one second.
  first.onCall = (call) => {
    if (call.invite.uri?.includes(`@${sip.host}`) === true) return call.reject(503, undefined, { 'retry-after': '1' });
    call.ring();
    call.answer();
  };
  await phone.dial(`sip:${TEAMS_NUMBER}@${pod.address}`);
  await phone.waitFor('CALL_ESTABLISHED');
  const invites = first.log.received('INVITE');
  assert.deepEqual(
    invites.map(({ dataCentre }) => dataCentre),
    [sip.host, sip2.host],
  );
  const connection = invites[0]?.connection;
  assert.ok(
    first.log.received('ACK').some((ack) => ack.connection === connection),
    'the 503 was acknowledged on it',
  );
  await eventually(
    'that connection is closed, and no other',
    () => first.log.notes.filter(({ kind }) => kind === 'connection-closed'),
    (closed) => closed.length === 1 && closed[0]?.connection === connection,
  );
  await phone.hangUp();
  await phone.waitFor('CALL_CLOSED');

  await eventually(
    'sip is held no more',
    () => statesOf(pod),
    (states) => states[sip.host] !== 'held',
  );
  const call = await dial(phone, pod.address, first);
  const again = first.log.received('INVITE').at(-1);
  assert.equal(again?.dataCentre, sip.host);
  assert.notEqual(again.connection, connection);
  await hangUp(phone, call);
  await pod.isEmpty();
});

test('a TeamsTrunk that is added while the runtime runs is probed without a restart', async (t) => {
  const laid = await layGround(t);
  const { ground, directory } = laid;
  const [sip, sip2, sip3] = ground.dataCentres;
  const simulator = await simulate(laid, [sip, sip2, sip3]);
  await ground.writeManifests(simulator.hostAliases());
  const manifests = ground.below('manifests');
  const teams = readFileSync(join(manifests, 'teams.yaml'), 'utf8');
  rmSync(join(manifests, 'teams.yaml'));
  const sbc = await ground.startSbc(join(directory, 'run'));
  const pod = new Pod(sbc, ground.at.sbc);
  const pid = pod.pid('runtime');
  assert.deepEqual(
    (await pod.status()).trunks.map(({ name }) => name),
    ['pbx'],
  );
  writeManifest(manifests, 'teams.yaml', teams);
  for (const { host } of [sip, sip2, sip3])
    await simulator.log.waitFor(
      ({ dataCentre, direction, message }) => dataCentre === host && direction === 'sent' && message.status === 200,
      20_000,
    );
  await areUp(laid, pod);
  assert.equal(pod.pid('runtime'), pid);
});
