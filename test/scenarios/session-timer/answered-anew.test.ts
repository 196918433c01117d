/** A refresh of ours that is answered with other media than before (RFC 3264 §8). */
import { minutes, scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp } from '../stories.ts';
import { agreeing, callingTeams, type Parties } from './openings.ts';

const withoutKey = {
  type: 'application/sdp',
  content:
    'v=0\r\no=- 9 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n',
};

/** Our refresh stands before Teams. */
async function refreshed({ teams, time }: Parties): Promise<void> {
  await time.passes(minutes(15));
  await teams.gets('INVITE', { within: seconds(5) });
}

const agreed = { headers: agreeing('1800;refresher=uac') };

scenario(
  'The relay refuses what Teams answers to our refresh: what was agreed before holds, there as well',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, relay } = stage;
    await callingTeams(stage, '1800;refresher=uac');
    await refreshed(stage);
    await teams.sends(200, { ...agreed, body: withoutKey });
    await teams.gets('ACK');
    await teams.getsNothing(seconds(1));
    for (const verb of ['offer', 'answer', 'offer'] as const) await relay.got(verb);
    await relay.got('answer', { sdp: /SAVPF/ });
    await relay.got('offer');
    await relay.got('answer', { from: 'RTP/SAVP', sdp: /^m=audio \d+ RTP\/SAVP /m });

    // The offer is made of what Teams has agreed to.
    await pbx.sends('INVITE', { offer: 'none' });
    await pbx.gets(100);
    await pbx.gets(200, { offer: 'rtp-avp' });
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await teams.getsNothing();
    await pbxHangsUp(stage);
  },
);

scenario(
  'Teams answers our refresh with a hold: it holds by itself, and a resume of the PBX does not trouble it',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await callingTeams(stage, '1800;refresher=uac');
    await refreshed(stage);
    await teams.sends(200, { ...agreed, direction: 'inactive' });
    await teams.gets('ACK');

    await pbx.sends('INVITE', { direction: 'inactive' });
    await pbx.gets(100);
    await teams.gets('INVITE', { direction: 'inactive' });
    await teams.sends(200, { direction: 'inactive' });
    await teams.gets('ACK');
    await pbx.gets(200, { direction: 'inactive' });
    await pbx.sends('ACK');
    await pbx.sends('INVITE', { offer: 'none' });
    await pbx.gets(100);
    await pbx.gets(200, { offer: 'rtp-avp' });
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await teams.getsNothing();
    await pbxHangsUp(stage);
  },
);
