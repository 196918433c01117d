/** Session timers (RFC 4028) that the peer refreshes: answered here, and the end of the call where nothing comes. */
import assert from 'node:assert/strict';
import { minutes, scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, teamsHangsUp } from '../stories.ts';
import { agreeing, asking, calledByPbx, calledByTeams, callingPbx, callingTeams, expired } from './openings.ts';

scenario('Teams calls with a session timer and refreshes it: the PBX is not troubled', oneTrunkEach, async (stage) => {
  const { teams, time } = stage;
  const answered = await calledByTeams(stage, '1800', '1800;refresher=uac');
  for (let round = 0; round < 3; round += 1) {
    await time.passes(minutes(15));
    await teams.sends('INVITE', { headers: asking('1800;refresher=uac') });
    await teams.gets(100);
    const ok = await teams.gets(200, { headers: agreeing('1800;refresher=uac') });
    assert.equal(ok.content, answered);
    await teams.sends('ACK');
  }
  await teamsHangsUp(stage);
});

scenario(
  'Teams calls with a session timer and falls silent: BYE with a reason on both sides',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time, records } = stage;
    await calledByTeams(stage, '1800;refresher=uac', '1800;refresher=uac');
    await time.passes(seconds(1767));
    await teams.gets('BYE', { headers: expired });
    await teams.sends(200);
    await pbx.gets('BYE', { headers: expired });
    await pbx.sends(200);
    assert.deepEqual(records[0]?.end, { result: 'caller-error', by: 'caller', reason: 'session-expired' });
  },
);

scenario('Teams has answered with a session timer and refreshes it', oneTrunkEach, async (stage) => {
  const { teams, time } = stage;
  const offered = await callingTeams(stage, '1800;refresher=uas');
  await time.passes(minutes(15));
  await teams.sends('INVITE', { headers: asking('1800;refresher=uac') });
  await teams.gets(100);
  const ok = await teams.gets(200, { headers: agreeing('1800;refresher=uac') });
  assert.equal(ok.content, offered);
  await teams.sends('ACK');
  await time.passes(minutes(20));
  await teamsHangsUp(stage);
});

scenario(
  'A carrier that calls refreshes each 45 s by re-INVITE, for twenty minutes: Teams hears none of it',
  oneTrunkEach,
  async (stage) => {
    const { pbx, time } = stage;
    await calledByPbx(stage, '90;refresher=uac', '90;refresher=uac');
    for (let round = 0; round < 27; round += 1) {
      await time.passes(seconds(45));
      await pbx.sends('INVITE', { headers: asking('90;refresher=uac') });
      await pbx.gets(100);
      await pbx.gets(200, { headers: agreeing('90;refresher=uac') });
      await pbx.sends('ACK');
    }
    await pbxHangsUp(stage);
  },
);

scenario(
  'A carrier that has answered refreshes by re-INVITE and by UPDATE: Teams hears neither',
  oneTrunkEach,
  async (stage) => {
    const { pbx, time } = stage;
    await callingPbx(stage, '90;refresher=uas');
    await time.passes(seconds(45));
    await pbx.sends('INVITE', { headers: asking('90;refresher=uac') });
    await pbx.gets(100);
    await pbx.gets(200, { headers: agreeing('90;refresher=uac') });
    await pbx.sends('ACK');
    await time.passes(seconds(45));
    await pbx.sends('UPDATE', { headers: asking('90;refresher=uac') });
    await pbx.gets(200, { headers: agreeing('90;refresher=uac'), answer: 'none' });
    await time.passes(seconds(45));
    await pbxHangsUp(stage);
  },
);

scenario('A carrier that calls and falls silent: BYE with a reason on both sides', oneTrunkEach, async (stage) => {
  const { teams, pbx, time } = stage;
  await calledByPbx(stage, '90', '90;refresher=uac');
  await time.passes(seconds(59));
  await pbx.gets('BYE', { headers: expired });
  await pbx.sends(200);
  await teams.gets('BYE', { headers: expired });
  await teams.sends(200);
});

scenario(
  'A carrier that has answered and falls silent: BYE with a reason on both sides',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await callingPbx(stage, '90;refresher=uas');
    await time.passes(seconds(59));
    await pbx.gets('BYE', { headers: expired });
    await pbx.sends(200);
    await teams.gets('BYE', { headers: expired });
    await teams.sends(200);
  },
);

scenario('Both sides have timers, each its own', oneTrunkEach, async (stage) => {
  const { teams, pbx, time } = stage;
  await teams.sends('INVITE', { to: '+498912345', headers: asking('1800;refresher=uas') });
  await teams.gets(100);
  await pbx.gets('INVITE', { headers: { 'session-expires': '1800' } });
  await pbx.sends(200, { headers: agreeing('600;refresher=uac') });
  await teams.gets(200, { headers: agreeing('1800;refresher=uas') });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  for (let round = 0; round < 2; round += 1) {
    await time.passes(minutes(5) - 1);
    await pbx.gets('INVITE', { headers: { 'session-expires': '600;refresher=uac' } });
    await pbx.sends(200, { headers: agreeing('600;refresher=uac') });
    await pbx.gets('ACK');
  }
  await time.passes(minutes(5) - 10);
  await teams.gets('INVITE', { headers: { 'session-expires': '1800;refresher=uac' } });
  await teams.sends(200, { headers: agreeing('1800;refresher=uac') });
  await pbx.gets('INVITE');
  await pbx.sends(200, { headers: agreeing('600;refresher=uac') });
  await teams.gets('ACK');
  await pbx.gets('ACK');
  await teamsHangsUp(stage);
});

scenario(
  'A carrier that counts its o= line up with each refresh is answered here as well',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    const offer = (version: number): `v=0${string}` =>
      `v=0\r\no=- 7 ${version} IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n`;
    await pbx.sends('INVITE', { to: '+4989111111', offer: offer(1) });
    await pbx.gets(100);
    await teams.gets('INVITE');
    await teams.sends(200);
    await pbx.gets(200);
    await pbx.sends('ACK');
    await teams.gets('ACK');
    for (const version of [2, 3]) {
      await time.passes(minutes(20));
      await pbx.sends('INVITE', { offer: offer(version) });
      await pbx.gets(100);
      await pbx.gets(200, { answer: 'rtp-avp' });
      await pbx.sends('ACK');
    }
    await pbxHangsUp(stage);
  },
);
