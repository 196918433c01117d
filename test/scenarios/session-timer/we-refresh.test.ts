/** Session timers (RFC 4028) that we refresh, on each leg by itself: by re-INVITE, with the same description, unknown to the other side. */
import assert from 'node:assert/strict';
import { minutes, scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, teamsHangsUp } from '../stories.ts';
import { agreeing, calledByPbx, calledByTeams, callingPbx, callingTeams, expired } from './openings.ts';

scenario(
  'Teams has answered and wants us to refresh: a re-INVITE every quarter of an hour, with the description as it was',
  oneTrunkEach,
  async (stage) => {
    const { teams, time } = stage;
    const offered = await callingTeams(stage, '1800;refresher=uac');
    for (let round = 0; round < 2; round += 1) {
      await time.passes(minutes(15) - 1);
      const refresh = await teams.gets('INVITE', { headers: { 'session-expires': '1800;refresher=uac' } });
      assert.equal(refresh.content, offered);
      await teams.sends(200, { headers: agreeing('1800;refresher=uac') });
      await teams.gets('ACK');
    }
    await teamsHangsUp(stage);
  },
);

scenario('Teams calls and wants us to refresh: SE 90 has a re-INVITE every 45 s', oneTrunkEach, async (stage) => {
  const { teams, time } = stage;
  const answered = await calledByTeams(stage, '90;refresher=uas', '90;refresher=uas');
  await time.passes(seconds(44));
  const refresh = await teams.gets('INVITE', { headers: { 'session-expires': '90;refresher=uac' } });
  assert.equal(refresh.content, answered);
  await teams.sends(200, { headers: agreeing('90;refresher=uac') });
  await teams.gets('ACK');
  await teamsHangsUp(stage);
});

scenario('The PBX has answered and wants us to refresh: Teams hears nothing of it', oneTrunkEach, async (stage) => {
  const { pbx, time } = stage;
  const offered = await callingPbx(stage, '1800;refresher=uac');
  await time.passes(minutes(15) - 1);
  const refresh = await pbx.gets('INVITE');
  assert.equal(refresh.content, offered);
  await pbx.sends(200, { headers: agreeing('1800;refresher=uac') });
  await pbx.gets('ACK');
  await pbxHangsUp(stage);
});

scenario('The PBX calls and wants us to refresh: Teams hears nothing of it', oneTrunkEach, async (stage) => {
  const { pbx, time } = stage;
  const answered = await calledByPbx(stage, '90;refresher=uas', '90;refresher=uas');
  await time.passes(seconds(44));
  const refresh = await pbx.gets('INVITE');
  assert.equal(refresh.content, answered);
  await pbx.sends(200);
  await pbx.gets('ACK');
  // Its 2xx agrees on nothing any more: no timer.
  await time.passes(minutes(10));
  await pbxHangsUp(stage);
});

scenario(
  'A PBX that answers our refresh with another address is told to the relay alone',
  oneTrunkEach,
  async (stage) => {
    const { pbx, time, relay } = stage;
    await callingPbx(stage, '90;refresher=uac');
    await relay.got('offer');
    await relay.got('answer');
    await time.passes(seconds(44));
    await pbx.gets('INVITE');
    await pbx.sends(200, {
      headers: agreeing('90;refresher=uas'),
      answer: 'v=0\r\no=- 1 9 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n',
    });
    await pbx.gets('ACK');
    await relay.got('offer', { to: 'RTP/AVP' });
    await relay.got('answer', { sdp: /10\.0\.0\.9/ });
    await pbxHangsUp(stage);
  },
);

scenario('A refresh that meets a re-INVITE of the peer is told 491 and tried again', oneTrunkEach, async (stage) => {
  const { teams, time } = stage;
  await callingTeams(stage, '90;refresher=uac');
  await time.passes(seconds(44));
  await teams.gets('INVITE');
  await teams.sends(491);
  await teams.getsNothing(seconds(2));
  await teams.gets('INVITE', { within: seconds(2) });
  await teams.sends(200, { headers: agreeing('90;refresher=uac') });
  await teams.gets('ACK');
  await teamsHangsUp(stage);
});

scenario('A refresh that Teams refuses for now is tried again, and the call goes on', oneTrunkEach, async (stage) => {
  const { teams, time } = stage;
  await callingTeams(stage, '1800;refresher=uac');
  await time.passes(minutes(15) - 1);
  await teams.gets('INVITE');
  await teams.sends(500, { headers: { 'retry-after': '3' } });
  await teams.getsNothing(seconds(112));
  await teams.gets('INVITE', { within: seconds(1), headers: { 'session-expires': '1800;refresher=uac' } });
  await teams.sends(200, { headers: agreeing('1800;refresher=uac') });
  await teams.gets('ACK');
  await time.passes(minutes(14));
  await teamsHangsUp(stage);
});

scenario('A refresh that finds Teams out of reach for a minute is tried again', oneTrunkEach, async (stage) => {
  const { teams, time } = stage;
  await callingTeams(stage, '1800;refresher=uac');
  await time.passes(minutes(14));
  teams.goesDown();
  await time.passes(minutes(1) + seconds(1));
  teams.comesBack();
  await teams.gets('INVITE', { within: minutes(2), headers: { 'session-expires': '1800;refresher=uac' } });
  await teams.sends(200, { headers: agreeing('1800;refresher=uac') });
  await teams.gets('ACK');
  await teamsHangsUp(stage);
});

scenario(
  'A refresh that gets no more than a 100 is cancelled: the PBX may hold again, and that refreshes',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await callingTeams(stage, '1800;refresher=uac');
    await time.passes(minutes(15) - 1);
    await teams.gets('INVITE');
    await teams.sends(100);
    await teams.gets('CANCEL', { within: seconds(33) });
    await teams.sends(200, { for: 'CANCEL' });
    await teams.sends(487, { for: 'INVITE' });
    await pbx.sends('INVITE', { direction: 'sendonly' });
    await pbx.gets(100);
    await teams.gets('INVITE', { direction: 'inactive', headers: { 'session-expires': '1800;refresher=uac' } });
    await teams.sends(200, { direction: 'inactive', headers: agreeing('1800;refresher=uac') });
    await pbx.gets(200);
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await teams.getsNothing(minutes(14));
    await teamsHangsUp(stage);
  },
);

scenario('A hold that is under way is a refresh itself', oneTrunkEach, async (stage) => {
  const { teams, pbx, time } = stage;
  await callingTeams(stage, '90;refresher=uac');
  await time.passes(seconds(44));
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await pbx.gets(100);
  await teams.gets('INVITE', { direction: 'inactive', headers: { 'session-expires': '90;refresher=uac' } });
  await teams.sends(100);
  // The refresh is due meanwhile.
  await teams.getsNothing(seconds(3));
  await teams.sends(200, { direction: 'inactive', headers: agreeing('90;refresher=uac') });
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
  await teams.getsNothing(seconds(44));
  await teams.gets('INVITE', { direction: 'inactive' });
  await teams.sends(200, { direction: 'inactive', headers: agreeing('90;refresher=uac') });
  await teams.gets('ACK');
  await teamsHangsUp(stage);
});

scenario(
  'A refresh that is refused, and again, leaves the call until its session is over',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time, records } = stage;
    await callingTeams(stage, '90;refresher=uac');
    await time.passes(seconds(44));
    await teams.gets('INVITE');
    await teams.sends(488);
    await teams.gets('INVITE', { within: seconds(6) });
    await teams.sends(488);
    await teams.getsNothing(seconds(9));
    await teams.gets('BYE', { headers: expired });
    await teams.sends(200);
    await pbx.gets('BYE', { headers: expired });
    await pbx.sends(200);
    assert.deepEqual(records[0]?.end, { result: 'callee-error', by: 'callee', reason: 'session-expired' });
  },
);

scenario(
  'A 481 to a refresh ends the call at once: the peer does not know it any more',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time, records } = stage;
    await callingTeams(stage, '90;refresher=uac');
    await time.passes(seconds(44));
    await teams.gets('INVITE');
    await teams.sends(481);
    await pbx.gets('BYE');
    await pbx.sends(200);
    assert.equal(records[0]?.end?.reason, 'dialog-gone');
  },
);

scenario('A peer that says nothing to a refresh is given up when the session is over', oneTrunkEach, async (stage) => {
  const { teams, pbx, time, records } = stage;
  await callingPbx(stage, '90;refresher=uac');
  await time.passes(seconds(44));
  await pbx.gets('INVITE');
  await time.passes(seconds(14));
  await pbx.gets('BYE', { headers: expired });
  await pbx.sends(200, { for: 'BYE' });
  await teams.gets('BYE', { headers: expired });
  await teams.sends(200);
  assert.equal(records[0]?.end?.reason, 'session-expired');
});
