/** Containers that are killed in the middle of a call, with real sound: what goes on, and what is ended (ADR 0012). */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PBX_HERTZ, TEAMS_HERTZ } from '../kit/ground.ts';
import { eventAfter, stillHears } from './local-observe.ts';
import { raiseSoundStage, talk, type SoundStage } from './local-stage.ts';

const comesBack = ({ sbc, pod }: SoundStage, container: 'runtime' | 'rtpengine') => {
  const pid = pod.pid(container);
  return eventAfter(
    sbc,
    () => process.kill(pid, 'SIGKILL'),
    (event) => event.event === 'ready' && event.container === container,
  );
};

async function inACall(t: TestContext): Promise<SoundStage> {
  const stage = await raiseSoundStage(t);
  await talk(stage);
  // Longer than the journal waits.
  await stage.pod.metricIs('sbc_calls_active', {}, 1);
  return stage;
}

for (const by of ['teams', 'pbx'] as const) {
  test(`the runtime is killed in a call: the sound goes on, and ${by} hangs up as if nothing had been`, async (t) => {
    const stage = await inACall(t);
    const { pod, teams, pbx } = stage;
    const before = { rtpengine: pod.pid('rtpengine'), sessions: await pod.mediaSessions() };

    const back = comesBack(stage, 'runtime');
    await Promise.all([stillHears(teams, PBX_HERTZ), stillHears(pbx, TEAMS_HERTZ)]);
    await back;
    await pod.metricIs('sbc_calls_active', {}, 1);
    await pod.metricIs('sbc_calls_taken_over_total', { direction: 'teams-to-pbx', outcome: 'goes-on' }, 1);
    assert.deepEqual([pod.pid('rtpengine'), await pod.mediaSessions()], [before.rtpengine, before.sessions]);
    await Promise.all([stillHears(teams, PBX_HERTZ), stillHears(pbx, TEAMS_HERTZ)]);

    const [one, other] = by === 'teams' ? [teams, pbx] : [pbx, teams];
    await one.hangUp();
    await other.waitFor('CALL_CLOSED');
    await pod.metricIs('sbc_calls_ended_total', { result: 'success', reason: 'normal-clearing' }, 1);
    await pod.isEmpty();

    await talk(stage);
    await other.hangUp();
    await one.waitFor('CALL_CLOSED');
    await pod.isEmpty();
  });
}

test('the runtime is killed twice in one call: the sound goes on, a hold and a resume reach the other side', async (t) => {
  const stage = await inACall(t);
  const { pod, teams, pbx } = stage;
  for (let times = 0; times < 2; times += 1) {
    await comesBack(stage, 'runtime');
    await pod.metricIs('sbc_calls_active', {}, 1);
  }
  await Promise.all([stillHears(teams, PBX_HERTZ), stillHears(pbx, TEAMS_HERTZ)]);
  for (const [command, invites] of [
    ['hold', 1],
    ['resume', 2],
  ] as const) {
    await pbx.command(command);
    await pod.metricIs('sbc_sip_messages_sent_total', { protocol: 'TLS', kind: 'INVITE' }, invites);
    await pod.metricIs('sbc_sip_messages_sent_total', { protocol: 'TLS', kind: 'ACK' }, invites);
  }
  await teams.hangUp();
  await pbx.waitFor('CALL_CLOSED');
  await pod.isEmpty();
});

test('RTPEngine is killed in a call: both sides get a BYE, and the next call works', async (t) => {
  const stage = await inACall(t);
  const { pod, teams, pbx, simulator } = stage;
  const rtpengine = pod.pid('rtpengine');
  const killedMs = performance.now();
  const back = comesBack(stage, 'rtpengine');
  await Promise.all([teams.waitFor('CALL_CLOSED'), pbx.waitFor('CALL_CLOSED')]);
  const endedMs = performance.now() - killedMs;
  await pod.metricIs('sbc_calls_ended_total', { result: 'our-error', reason: 'media-lost' }, 1);
  await pod.logHas('RTPEngine has lost media sessions: their calls end', { sessions: 1 });
  await back;
  await talk(stage);
  const talkingMs = performance.now() - killedMs;
  t.diagnostic(`BYE after ${Math.round(endedMs)} ms, sound of the next call after ${Math.round(talkingMs)} ms`);
  assert.notEqual(pod.pid('rtpengine'), rtpengine);
  await pbx.hangUp();
  await teams.waitFor('CALL_CLOSED');
  await pod.isEmpty();
  assert.deepEqual(
    simulator.log.notes.filter(({ kind }) => kind === 'unreadable'),
    [],
  );
});
