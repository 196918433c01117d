/** A pod that is to stop: no new calls, and the running ones end by themselves. */
import assert from 'node:assert/strict';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { minutes, scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach, type Setup } from '../../kit/setups.ts';
import { talkingFromTeams, teamsHangsUp } from '../stories.ts';

const probing: Setup<'teams' | 'pbx'> = {
  ...oneTrunkEach,
  state: routingState({ trunks: [teamsTrunk({ options: { periodSeconds: 60 } }), pbxTrunk()] }),
};

scenario(
  'While it drains no OPTIONS of ours leave, whatever document comes, and those of Teams are answered 503',
  probing,
  async (stage) => {
    const { teams, sbc, time } = stage;
    await teams.gets('OPTIONS', { within: seconds(2) });
    await teams.sends(200, { for: 'OPTIONS' });
    await talkingFromTeams(stage);
    sbc.drain(() => undefined);
    await time.passes(minutes(5));
    sbc.apply(probing.state);
    await time.passes(minutes(5));
    // Anything that nobody has read by the end would be told.
    await teamsHangsUp(stage);
    await teams.sends('OPTIONS', { to: '', uri: 'sip:sbc-0.example.com:5061;transport=tls' });
    await teams.gets(503);
  },
);

scenario('A pod that starts again sends OPTIONS at once, long before Teams misses them', probing, async (stage) => {
  const { teams, process, time } = stage;
  await teams.gets('OPTIONS', { within: seconds(2) });
  await teams.sends(200, { for: 'OPTIONS' });
  await time.passes(seconds(30));
  process.isKilled();
  await time.passes(seconds(20));
  process.startsAgain();
  await teams.gets('OPTIONS', { within: seconds(2), headers: { contact: /<sip:sbc-0\.example\.com:5061;/ } });
  await teams.sends(200, { for: 'OPTIONS' });
});

scenario(
  'Calls that are left at the end of a drain get a BYE on both sides, and nothing is left of them',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, sbc } = stage;
    let isEmpty = false;
    await talkingFromTeams(stage);
    sbc.drain(() => (isEmpty = true));
    sbc.endAll({ result: 'our-error', by: 'sbc', reason: 'drain-deadline', status: 503 });
    const outOfService = { headers: { reason: 'Q.850;cause=41;text="The SBC is taken out of service"' } };
    await Promise.all([teams.gets('BYE', outOfService), pbx.gets('BYE', outOfService)]);
    await teams.sends(200, { for: 'BYE' });
    await pbx.sends(200, { for: 'BYE' });
    assert.equal(isEmpty, true);
  },
);

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
