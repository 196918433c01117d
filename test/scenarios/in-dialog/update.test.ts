/** UPDATE of the PBX (RFC 3311): answered here, or a re-INVITE to Teams, which knows no UPDATE. */
import { scenario, seconds } from '../../kit/scenario.ts';
import { SBC_ADDRESS } from '../../kit/routing-state.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

scenario('UPDATE without a description is answered here', oneTrunkEach, async (stage) => {
  const { pbx } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('UPDATE');
  await pbx.gets(200, { answer: 'none', headers: { contact: `<sip:${SBC_ADDRESS}:5060>` } });
  await pbxHangsUp(stage);
});

scenario('UPDATE with the description as it was gets ours as it was', oneTrunkEach, async (stage) => {
  const { pbx } = stage;
  await talkingFromTeams(stage);
  await pbx.sends('UPDATE', { offer: 'rtp-avp' });
  await pbx.gets(200, { answer: 'rtp-avp', direction: 'sendrecv' });
  await pbxHangsUp(stage);
});

scenario(
  'UPDATE that puts the call on hold is a re-INVITE to Teams, and its answer comes back',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromPbx(stage);
    await pbx.sends('UPDATE', { offer: 'rtp-avp', direction: 'sendonly' });
    await teams.gets('INVITE', { offer: 'srtp-sdes', direction: 'inactive' });
    await teams.sends(200, { direction: 'inactive' });
    await teams.gets('ACK');
    await pbx.gets(200, { answer: 'rtp-avp', headers: { cseq: /UPDATE/ } });
    await pbx.sends('UPDATE', { offer: 'rtp-avp' });
    await teams.gets('INVITE', { direction: 'sendrecv' });
    await teams.sends(200);
    await teams.gets('ACK');
    await pbx.gets(200, { direction: 'sendrecv' });
    await teamsHangsUp(stage);
  },
);

scenario('UPDATE that Teams refuses as a re-INVITE is refused in the same way', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('UPDATE', { offer: 'rtp-avp', direction: 'sendonly' });
  await teams.gets('INVITE');
  await teams.sends(488);
  await pbx.gets(488);
  await teamsHangsUp(stage);
});

scenario('UPDATE that waits for Teams is answered where Teams hangs up', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('UPDATE', { offer: 'rtp-avp', direction: 'sendonly' });
  await teams.gets('INVITE');
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.gets(487);
  await pbx.gets('BYE');
  await pbx.sends(200);
  await teams.sends(487, { for: 'INVITE' });
});

scenario('UPDATE that meets a hold of Teams is glare', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await teams.sends('INVITE', { direction: 'inactive' });
  await teams.gets(100);
  await pbx.gets('INVITE', { direction: 'inactive' });
  await pbx.sends('UPDATE', { offer: 'rtp-avp', direction: 'sendonly' });
  await pbx.gets(491);
  await pbx.sends(200, { for: 'INVITE', direction: 'inactive' });
  await teams.gets(200);
  await teams.sends('ACK');
  await pbx.gets('ACK');
  await teamsHangsUp(stage);
});

scenario(
  'UPDATE before the answer: without a description 200, with one 500 and Retry-After',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teams.gets('INVITE');
    await teams.sends(180);
    await pbx.gets(180);
    await pbx.sends('UPDATE');
    await pbx.gets(200);
    await pbx.sends('UPDATE', { offer: 'rtp-avp', direction: 'sendonly' });
    await pbx.gets(500, { headers: { 'retry-after': /^\d+$/ } });
    await teams.sends(200, { for: 'INVITE' });
    await pbx.gets(200);
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await pbxHangsUp(stage);
  },
);

scenario('UPDATE with a body that is no description is 415', oneTrunkEach, async (stage) => {
  const { pbx } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('UPDATE', { body: { type: 'text/plain', content: 'hello' } });
  await pbx.gets(415, { headers: { accept: 'application/sdp' } });
  await pbxHangsUp(stage);
});

scenario('UPDATE of Teams, which it never sends, does no harm', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('UPDATE');
  await teams.gets(200);
  await pbx.getsNothing(seconds(1));
  await pbxHangsUp(stage);
});
