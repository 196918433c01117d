/** A re-INVITE that comes to nothing leaves everything as it was (RFC 3261 §14.1). */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromPbx, teamsHangsUp } from '../stories.ts';

scenario('A hold that met glare is tried again: Teams is asked again, too', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await pbx.gets(100);
  await teams.gets('INVITE', { direction: 'inactive' });
  await teams.sends(491);
  await pbx.gets(491);
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await pbx.gets(100);
  await teams.gets('INVITE', { direction: 'inactive' });
  await teams.sends(200, { direction: 'inactive' });
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
  await pbxHangsUp(stage);
});

scenario(
  'Teams refuses a hold and refreshes later: the answer is what was agreed before',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromPbx(stage);
    await pbx.sends('INVITE', { direction: 'sendonly' });
    await pbx.gets(100);
    await teams.gets('INVITE', { direction: 'inactive' });
    await teams.sends(488);
    await pbx.gets(488);
    await teams.sends('INVITE');
    await teams.gets(100);
    const ok = await teams.gets(200, { answer: 'srtp-sdes' });
    assert.doesNotMatch(ok.content ?? '', /a=(inactive|sendonly|recvonly)\r\n/);
    await teams.sends('ACK');
    await teamsHangsUp(stage);
  },
);

scenario(
  'Teams says 100 to a re-INVITE and nothing more: it is cancelled, and the PBX may ask again',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await talkingFromPbx(stage);
    await pbx.sends('INVITE', { direction: 'sendonly' });
    await pbx.gets(100);
    await teams.gets('INVITE');
    await teams.sends(100);
    await time.passes(seconds(32) - 10);
    await pbx.gets(500);
    await teams.gets('CANCEL');
    await teams.sends(200, { to: 'CANCEL' });
    await teams.sends(487);
    await pbxHangsUp(stage);
  },
);
