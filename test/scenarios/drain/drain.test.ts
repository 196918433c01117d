/** A pod that is to stop: no new calls, and the running ones end by themselves. */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { talkingFromTeams, teamsHangsUp } from '../stories.ts';

scenario(
  'While it drains, new calls get 503 before any ringing, and a running call goes on',
  oneTrunkEach,
  async (stage) => {
    const { pbx, sbc, time } = stage;
    let isEmpty = false;
    await talkingFromTeams(stage);
    sbc.drain(() => (isEmpty = true));
    await pbx.sends('INVITE', { to: '+4989111111', call: 'second' });
    await pbx.gets(100);
    await pbx.gets(503, { headers: { 'retry-after': /^\d+$/ } });
    await time.passes(seconds(60));
    assert.equal(isEmpty, false);
    await teamsHangsUp(stage);
    await time.passes(seconds(1));
    assert.equal(isEmpty, true);
  },
);

scenario('A pod without calls is drained at once', oneTrunkEach, async ({ sbc, time }) => {
  let isEmpty = false;
  sbc.drain(() => (isEmpty = true));
  await time.passes(0);
  assert.equal(isEmpty, true);
});

scenario('A new document leaves a running call alone', oneTrunkEach, async (stage) => {
  await talkingFromTeams(stage);
  stage.sbc.apply({ ...oneTrunkEach.state, limits: { maxCalls: 1, maxCallsPerSecond: 1 } });
  await stage.pbx.sends('INVITE', { to: '+4989111111', call: 'second' });
  await stage.pbx.gets(100);
  await stage.pbx.gets(503);
  await teamsHangsUp(stage);
});
