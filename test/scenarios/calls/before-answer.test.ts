/** What happens between INVITE and answer. */
import { minutes, scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, teamsHangsUp } from '../stories.ts';

scenario('An announcement of the PBX is heard in Teams before the answer', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(183, { answer: 'rtp-avp' });
  await teams.gets(183, { answer: 'srtp-sdes' });
  await pbx.sends(200);
  await teams.gets(200, { answer: 'srtp-sdes' });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  await teamsHangsUp(stage);
});

scenario('Teams rings on two phones and a third answers: the caller sees one dialog', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(180, { toTag: 'desk' });
  await pbx.gets(180);
  await teams.sends(180, { toTag: 'mobile' });
  await pbx.getsAgain(180);
  await teams.sends(200);
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
  await pbxHangsUp(stage);
});

scenario(
  'Nobody answers: after three minutes the call is cancelled and the caller hears 408',
  oneTrunkEach,
  async ({ teams, pbx }) => {
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(180);
    await teams.gets(180);
    await pbx.gets('CANCEL', { within: minutes(4) });
    await pbx.sends(200);
    await pbx.sends(487);
    await teams.gets(408);
  },
);

scenario(
  'The PBX is silent: after four seconds Teams is told 503 and can try elsewhere',
  oneTrunkEach,
  async ({ teams, pbx }) => {
    pbx.goesDown();
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await teams.gets(503);
  },
);
