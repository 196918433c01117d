/** Processes that die or hang in the middle of a call where nothing can be saved: what is left, and that new calls work again. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { paths } from '../../operator/src/objects/paths.ts';
import { FQDN, PBX_NUMBER, TEAMS_NUMBER } from '../kit/ground.ts';
import { eventAfter, eventually } from './local-observe.ts';
import { raiseSoundStage, talk, type SoundStage } from './local-stage.ts';

const comesBack = ({ sbc }: SoundStage, container: string, act: () => void) =>
  eventAfter(sbc, act, (event) => event.event === 'ready' && event.container === container);

test('a runtime that cannot read the journal of the one before it serves, and no session stays in RTPEngine', async (t) => {
  const stage = await raiseSoundStage(t);
  const { directory, sbc, pod, teams, pbx, simulator } = stage;
  await talk(stage);
  writeFileSync(join(directory, 'run/sbc-0/root', paths.journal, 'calls'), 'teams-sbc calls 0\n');
  const before = { runtime: pod.pid('runtime'), rtpengine: pod.pid('rtpengine'), sessions: await pod.mediaSessions() };
  assert.equal(before.sessions.length, 1);

  await comesBack(stage, 'runtime', () => process.kill(before.runtime, 'SIGKILL'));
  const exited = sbc.events.find(({ event }) => event === 'exited') as { container?: string; how?: string } | undefined;
  assert.deepEqual([exited?.container, exited?.how], ['runtime', 'signal SIGKILL']);
  assert.notEqual(pod.pid('runtime'), before.runtime);
  assert.equal(pod.pid('rtpengine'), before.rtpengine, 'media has an owner of its own');
  await pod.isEmpty();
  await pod.logHas('The journal of calls is of another version: its calls end', { calls: 0 });
  await pod.logHas('Media sessions of an earlier process end', { count: 1 });

  // The phones still believe in the old call; nobody knows it any more: 481, and they let go.
  await Promise.all([teams.hangUp(), pbx.hangUp()]);
  await Promise.all([teams.waitFor('CALL_CLOSED'), pbx.waitFor('CALL_CLOSED')]);

  await talk(stage);
  await teams.hangUp();
  await pbx.waitFor('CALL_CLOSED');
  await pod.isEmpty();
  assert.equal(
    simulator.log.notes.some(({ kind }) => kind === 'unreadable'),
    false,
  );
});

test('while RTPEngine hangs, new calls get 503 before any 18x, and the running call can be ended', async (t) => {
  const stage = await raiseSoundStage(t);
  const { pod, sbc, teams, pbx, simulator } = stage;
  await talk(stage);
  const rtpengine = pod.pid('rtpengine');
  process.kill(rtpengine, 'SIGSTOP');
  let isHanging = true;
  const goOn = async () => {
    if (isHanging) process.kill(rtpengine, 'SIGCONT');
    isHanging = false;
  };
  stage.ground.endsWith(goOn);
  await eventAfter(
    sbc,
    () => undefined,
    (event) => event.event === 'not-ready',
    30_000,
  );
  await pod.metricIs('sbc_relay_available', {}, 0);

  const fromTeams = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
  assert.equal((await fromTeams.ended).status, 503);
  assert.deepEqual(simulator.log.received(180), []);
  await pod.metricIs('sbc_calls_ended_total', { direction: 'refused', reason: 'relay-unavailable' }, 1);

  await teams.hangUp();
  await pbx.waitFor('CALL_CLOSED');
  await pod.metricIs('sbc_calls_active', {}, 0);

  await goOn();
  await pod.metricIs('sbc_relay_available', {}, 1);
  // The session that could not be deleted meanwhile is.
  await pod.isEmpty();
  await pbx.dial(`sip:${TEAMS_NUMBER}@${FQDN}:5060`);
  await Promise.all([teams.waitFor('CALL_ESTABLISHED'), pbx.waitFor('CALL_ESTABLISHED')]);
  await pbx.hangUp();
  await teams.waitFor('CALL_CLOSED');
  await pod.isEmpty();
  await eventually(
    'ready again',
    () => sbc.events.at(-1)?.event,
    (event) => event === 'ready',
  );
});
