/** Re-INVITEs that are not about hold: refreshes, and two at a time. */
import { minutes, scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { talkingFromTeams, teamsHangsUp } from '../stories.ts';

scenario(
  'Teams refreshes its session with an unchanged description: the PBX is not troubled',
  oneTrunkEach,
  async (stage) => {
    const { teams, time } = stage;
    await talkingFromTeams(stage);
    await time.passes(minutes(30));
    await teams.sends('INVITE');
    await teams.gets(100);
    await teams.gets(200, { answer: 'srtp-sdes' });
    await teams.sends('ACK');
    await teamsHangsUp(stage);
  },
);

scenario('Both sides hold at the same moment: one is told 491, the other one holds', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('INVITE', { direction: 'inactive' });
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await teams.gets(100);
  await pbx.gets(100);
  await pbx.gets(491);
  await pbx.gets('INVITE', { direction: 'inactive' });
  await pbx.sends(200, { direction: 'inactive' });
  await teams.gets(200, { direction: 'inactive' });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  await teamsHangsUp(stage);
});
