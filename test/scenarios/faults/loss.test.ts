/** Lost messages, cut connections, a relay that fails. */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

scenario('An INVITE to the PBX is lost twice and answered the third time', oneTrunkEach, async (stage) => {
  const { teams, pbx, network, time } = stage;
  network.dropsTo(2, 'pbx', 'INVITE');
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  assert.ok(time.nowMs() > 1500, 'Timer A: 500 and 1000 ms');
  await pbx.sends(486);
  await teams.gets(486);
});

scenario('The ACK of the PBX is lost: it gets its 200 again', oneTrunkEach, async (stage) => {
  const { teams, pbx, network } = stage;
  network.drops(1, 'pbx', 'ACK');
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  await pbx.gets(200);
  await pbx.sends('ACK');
  await pbx.getsAgain(200);
  await pbx.sendsAgain('ACK');
  await teams.gets('ACK');
  await teamsHangsUp(stage);
});

scenario('The ACK never comes: after 32 s both sides get BYE', oneTrunkEach, async ({ teams, pbx, records }) => {
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(200);
  await pbx.gets('ACK');
  await teams.gets(200);
  await teams.gets('BYE', { within: seconds(40) });
  await teams.sends(200);
  await pbx.gets('BYE');
  await pbx.sends(200);
  assert.equal(records[0]?.end?.reason, 'ack-timeout');
});

scenario(
  'Every connection of Teams is cut during a call: the call goes on over new ones',
  oneTrunkEach,
  async (stage) => {
    await talkingFromPbx(stage);
    stage.teams.closesConnection();
    await stage.pbx.sends('BYE');
    await stage.pbx.gets(200);
    await stage.teams.gets('BYE');
    await stage.teams.sends(200);
  },
);

scenario(
  'The relay does not answer an offer: the caller gets 503 at once',
  oneTrunkEach,
  async ({ teams, pbx, relay }) => {
    relay.hangs();
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await teams.gets(503);
    await pbx.getsNothing();
  },
);

scenario('The relay finds fault with the offer: the caller gets 488', oneTrunkEach, async ({ teams, pbx, relay }) => {
  relay.fails('offer', 488);
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await teams.gets(488);
  await pbx.getsNothing();
});

scenario('A BYE of the PBX that is repeated is answered again and ends nothing twice', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await pbx.sends('BYE');
  await pbx.gets(200);
  await pbx.sendsAgain('BYE');
  await pbx.getsAgain(200);
  await teams.gets('BYE');
  await teams.sends(200);
});

scenario('A BYE whose CSeq is lower than the last one ends the call all the same', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('OPTIONS', { headers: { cseq: { seq: 4711, method: 'OPTIONS' } } });
  await teams.gets(200);
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.gets('BYE');
  await pbx.sends(200);
});

scenario('Both hang up at the same moment', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('BYE');
  await pbx.sends('BYE');
  await teams.gets(200);
  await pbx.gets('BYE');
  await pbx.gets(200);
  await pbx.sends(481);
});

scenario('The PBX answers while the caller cancels: it is hung up on', oneTrunkEach, async ({ teams, pbx }) => {
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(180);
  await teams.gets(180);
  await teams.sends('CANCEL');
  await pbx.sends(200);
  await teams.gets(200);
  await teams.gets(487);
  await pbx.gets('CANCEL');
  await pbx.sends(200);
  await pbx.gets('ACK');
  await pbx.gets('BYE');
  await pbx.sends(200);
});
