/** A PBX that answers with a direction that Teams does not know: it plays an announcement, or it listens. `inactive` would silence both. */
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromTeams, teamsHangsUp } from '../stories.ts';

for (const direction of ['sendonly', 'recvonly'] as const) {
  scenario(
    `The PBX answers with ${direction}, early and for good: Teams reads sendrecv, and still does when the PBX talks and listens`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx, relay } = stage;
      await teams.sends('INVITE', { to: '+498912345' });
      await teams.gets(100);
      await pbx.gets('INVITE');
      await pbx.sends(183, { answer: 'rtp-avp', direction });
      await teams.gets(183, { answer: 'srtp-sdes', direction: 'sendrecv' });
      await pbx.sends(200, { direction });
      await teams.gets(200, { answer: 'srtp-sdes', direction: 'sendrecv' });
      await teams.sends('ACK');
      await pbx.gets('ACK');
      // The relay hears what the PBX has said: it alone need know who sends.
      await relay.got('offer');
      for (let answers = 0; answers < 2; answers += 1)
        await relay.got('answer', { sdp: new RegExp(`a=${direction}\r\n`) });

      await pbx.sends('INVITE', { direction: 'sendrecv' });
      await pbx.gets(100);
      await teams.gets('INVITE', { direction: 'sendrecv' });
      await teams.sends(200);
      await pbx.gets(200, { direction: 'sendrecv' });
      await pbx.sends('ACK');
      await teams.gets('ACK');
      await pbxHangsUp(stage);
    },
  );
}

scenario(
  'The PBX has music for a call that Teams holds: the answer stays inactive, and Teams hears it once it resumes',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromTeams(stage);
    for (const direction of ['inactive', 'sendrecv'] as const) {
      await teams.sends('INVITE', { direction });
      await teams.gets(100);
      await pbx.gets('INVITE', { direction });
      await pbx.sends(200, { direction: 'sendonly' });
      await teams.gets(200, { direction });
      await teams.sends('ACK');
      await pbx.gets('ACK');
    }
    await teamsHangsUp(stage);
  },
);

scenario(
  'The PBX answers with inactive: it does not want any media, and Teams reads so',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(200, { direction: 'inactive' });
    await teams.gets(200, { direction: 'inactive' });
    await teams.sends('ACK');
    await pbx.gets('ACK');
    await teamsHangsUp(stage);
  },
);
