/** Requests that cannot be carried out, and what they are told. */
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { talkingFromTeams, teamsHangsUp } from '../stories.ts';

const nowhere = { uri: 'sip:+4989111111@203.0.113.10:5060', params: { tag: 'nowhere' } };

for (const method of ['BYE', 'INVITE', 'INFO'] as const) {
  scenario(`${method} within a dialog that does not exist is answered 481`, oneTrunkEach, async ({ teams, pbx }) => {
    await pbx.sends(method, { to: '+4989111111', headers: { to: nowhere } });
    if (method === 'INVITE') await pbx.gets(100);
    await pbx.gets(481);
    await teams.getsNothing();
  });
}

scenario('Garbage is dropped: the call after it works', oneTrunkEach, async ({ teams, pbx }) => {
  await pbx.sendsText('\r\n\r\n');
  await pbx.sendsText('INVITE\r\n\r\n');
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(486);
  await pbx.gets(486);
});

scenario('A call to an FQDN that is not ours is answered 404', oneTrunkEach, async ({ teams, pbx }) => {
  await teams.sends('INVITE', { to: '+4930', uri: 'sip:+4930@other.example.com:5061;user=phone' });
  await teams.gets(100);
  await teams.gets(404);
  await pbx.getsNothing();
});

const endless = `v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4 RTP/AVP 8${' 0'.repeat(20_000)}\r\n`;

scenario('A call whose description has no end is answered 488', oneTrunkEach, async ({ teams, pbx, relay }) => {
  await pbx.sends('INVITE', { to: '+4989111111', body: { type: 'application/sdp', content: endless } });
  await pbx.gets(100);
  await pbx.gets(488);
  await teams.getsNothing();
  await relay.got('offer', { sdp: /^$/ });
});

scenario('A re-INVITE whose description has no end is answered 488: the call goes on', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await pbx.sends('INVITE', { body: { type: 'application/sdp', content: endless } });
  await pbx.gets(100);
  await pbx.gets(488);
  await teams.getsNothing();
  await teamsHangsUp(stage);
});

scenario('OPTIONS within a call are answered 200', oneTrunkEach, async (stage) => {
  await talkingFromTeams(stage);
  await stage.pbx.sends('OPTIONS');
  await stage.pbx.gets(200);
  await teamsHangsUp(stage);
});
