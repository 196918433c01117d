/** Hold and resume, from either side. Teams knows `inactive` and `sendrecv` alone. */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

scenario('Teams holds and resumes', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  for (const direction of ['inactive', 'sendrecv'] as const) {
    await teams.sends('INVITE', { direction });
    await teams.gets(100);
    await pbx.gets('INVITE', { direction, offer: 'rtp-avp' });
    await pbx.sends(200, { direction });
    await teams.gets(200, { direction, answer: 'srtp-sdes' });
    await teams.sends('ACK');
    await pbx.gets('ACK');
  }
  await teamsHangsUp(stage);
});

scenario(
  'The PBX holds with sendonly: Teams gets inactive, and the PBX an answer that fits its offer',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromPbx(stage);
    await pbx.sends('INVITE', { direction: 'sendonly' });
    await pbx.gets(100);
    await teams.gets('INVITE', { direction: 'inactive', offer: 'srtp-sdes' });
    await teams.sends(200, { direction: 'inactive' });
    const ok = await pbx.gets(200);
    assert.match(ok.content ?? '', /a=(inactive|recvonly)\r\n/);
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await pbxHangsUp(stage);
  },
);

scenario('Teams refuses a hold: the PBX hears it, and the call goes on', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(488);
  await pbx.gets(488);
  await pbxHangsUp(stage);
});
