/** Re-INVITEs without SDP: the 200 offers all we have, both ways, and the ACK tells whether the other side must hear of it. */
import assert from 'node:assert/strict';
import { scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

type Both = Stage<'teams' | 'pbx'>;

/** As PBXs did before RFC 3264, and some still do. */
const heldOldStyle =
  'v=0\r\no=- 1000 2 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 50000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n';

/** The PBX holds, and Teams agrees. */
async function held({ teams, pbx }: Both, offer?: typeof heldOldStyle): Promise<void> {
  await pbx.sends('INVITE', offer === undefined ? { direction: 'sendonly' } : { offer });
  await pbx.gets(100);
  await teams.gets('INVITE', { direction: 'inactive' });
  await teams.sends(200, { direction: 'inactive' });
  await teams.gets('ACK');
  await pbx.gets(200, { direction: 'inactive' });
  await pbx.sends('ACK');
}

/** The PBX asks for an offer and gets it. */
async function asks({ pbx }: Both): Promise<void> {
  await pbx.sends('INVITE', { offer: 'none' });
  await pbx.gets(100);
  await pbx.gets(200, { offer: 'rtp-avp', direction: 'sendrecv' });
}

/** Teams hears of the resume. */
async function resumed({ teams }: Both): Promise<void> {
  await teams.gets('INVITE', { offer: 'srtp-sdes', direction: 'sendrecv' });
  await teams.sends(200, { direction: 'sendrecv' });
  await teams.gets('ACK');
}

scenario(
  'The PBX asks on a call that is active and changes nothing: Teams is not troubled',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromPbx(stage);
    await asks(stage);
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await teams.getsNothing();
    await pbxHangsUp(stage);
  },
);

scenario('The PBX asks on a call that Teams began', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await teams.getsNothing();
  await teamsHangsUp(stage);
});

scenario('The PBX resumes by asking: the offer is sendrecv, and Teams hears sendrecv', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await held(stage);
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await resumed(stage);
  await teams.getsNothing();
  await pbx.getsNothing();
  await pbxHangsUp(stage);
});

scenario(
  'The PBX holds with c=0.0.0.0 and resumes without SDP: Teams hears inactive once, and then sendrecv',
  oneTrunkEach,
  async (stage) => {
    const { pbx } = stage;
    await talkingFromPbx(stage);
    await held(stage, heldOldStyle);
    await asks(stage);
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await resumed(stage);
    await teamsHangsUp(stage);
  },
);

scenario(
  'Our offer on resume is a new version of our description, never the one of the hold',
  oneTrunkEach,
  async (stage) => {
    const { pbx } = stage;
    const versionOf = (content: string | undefined) => Number(/^o=- \d+ (\d+) /m.exec(content ?? '')?.[1]);
    const sessionOf = (content: string | undefined) => /^o=- (\d+) /m.exec(content ?? '')?.[1];
    await talkingFromPbx(stage);
    await pbx.sends('INVITE', { direction: 'sendonly' });
    await pbx.gets(100);
    await stage.teams.gets('INVITE', { direction: 'inactive' });
    await stage.teams.sends(200, { direction: 'inactive' });
    await stage.teams.gets('ACK');
    const hold = await pbx.gets(200);
    await pbx.sends('ACK');
    await pbx.sends('INVITE', { offer: 'none' });
    await pbx.gets(100);
    const resume = await pbx.gets(200, { direction: 'sendrecv' });
    assert.equal(versionOf(resume.content), versionOf(hold.content) + 1);
    assert.equal(sessionOf(resume.content), sessionOf(hold.content));
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await resumed(stage);
    await pbxHangsUp(stage);
  },
);

scenario('The PBX asks and answers with a hold: Teams hears inactive', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp', direction: 'sendonly' });
  await teams.gets('INVITE', { direction: 'inactive' });
  await teams.sends(200, { direction: 'inactive' });
  await teams.gets('ACK');
  await pbxHangsUp(stage);
});

scenario('The PBX asks while it holds, and goes on holding: Teams is not troubled', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await held(stage);
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp', direction: 'sendonly' });
  await teams.getsNothing();
  await pbxHangsUp(stage);
});

scenario('The PBX asks while Teams holds: Teams stays on hold, untroubled', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await talkingFromTeams(stage);
  await teams.sends('INVITE', { direction: 'inactive' });
  await teams.gets(100);
  await pbx.gets('INVITE', { direction: 'inactive' });
  await pbx.sends(200, { direction: 'inactive' });
  await pbx.gets('ACK');
  await teams.gets(200, { direction: 'inactive' });
  await teams.sends('ACK');
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await teams.getsNothing();
  await teamsHangsUp(stage);
  const verbs = ['offer', 'answer', 'offer', 'answer', 'offer', 'answer', 'offer'] as const;
  for (const verb of verbs) await relay.got(verb);
  await relay.got('answer', { from: 'RTP/SAVP', sdp: /a=inactive/ });
});

scenario('Teams asks: it gets our offer, and the PBX is not troubled', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await teams.sends('INVITE', { offer: 'none' });
  await teams.gets(100);
  await teams.gets(200, { offer: 'srtp-sdes', direction: 'sendrecv' });
  await teams.sends('ACK', { answer: 'srtp-sdes' });
  await pbx.getsNothing();
  await teamsHangsUp(stage);
});

scenario('Teams resumes by asking: the PBX hears sendrecv', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('INVITE', { direction: 'inactive' });
  await teams.gets(100);
  await pbx.gets('INVITE', { direction: 'inactive' });
  await pbx.sends(200, { direction: 'inactive' });
  await pbx.gets('ACK');
  await teams.gets(200, { direction: 'inactive' });
  await teams.sends('ACK');
  await teams.sends('INVITE', { offer: 'none' });
  await teams.gets(100);
  await teams.gets(200, { offer: 'srtp-sdes', direction: 'sendrecv' });
  await teams.sends('ACK', { answer: 'srtp-sdes' });
  await pbx.gets('INVITE', { offer: 'rtp-avp', direction: 'sendrecv' });
  await pbx.sends(200);
  await pbx.gets('ACK');
  await teamsHangsUp(stage);
});

scenario(
  'Teams re-INVITEs while we tell it of the resume: 491, and it is told again three seconds later',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromPbx(stage);
    await held(stage);
    await asks(stage);
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await teams.gets('INVITE', { direction: 'sendrecv' });
    await teams.sends(491);
    await resumed(stage);
    await pbxHangsUp(stage);
  },
);

scenario('The call ends while the second asking waits: no timer is left', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await held(stage);
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await teams.gets('INVITE', { direction: 'sendrecv' });
  await teams.sends(491);
  await pbxHangsUp(stage);
});

scenario('Teams does not want to resume: the call goes on as it was', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  await held(stage);
  await asks(stage);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await teams.gets('INVITE', { direction: 'sendrecv' });
  await teams.sends(500);
  await pbx.getsNothing();
  await pbxHangsUp(stage);
});

scenario('Teams holds while our offer is out: 491, and afterwards it may', oneTrunkEach, async (stage) => {
  const { teams, pbx, time } = stage;
  await talkingFromPbx(stage);
  await asks(stage);
  await teams.sends('INVITE', { direction: 'inactive' });
  await teams.gets(100);
  await teams.gets(491);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await time.passes(seconds(1));
  await teams.sends('INVITE', { direction: 'inactive' });
  await teams.gets(100);
  await pbx.gets('INVITE', { direction: 'inactive' });
  await pbx.sends(200, { direction: 'inactive' });
  await pbx.gets('ACK');
  await teams.gets(200);
  await teams.sends('ACK');
  await teamsHangsUp(stage);
});

scenario('The PBX asks twice without acknowledging: the second time it is told 491', oneTrunkEach, async (stage) => {
  const { pbx, network } = stage;
  await talkingFromPbx(stage);
  await asks(stage);
  network.drops(1, 'pbx', 'ACK');
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await pbx.sends('INVITE', { offer: 'none' });
  await pbx.gets(100);
  await pbx.gets(491);
  await pbx.sendsAgain('ACK');
  await pbxHangsUp(stage);
});

scenario('The ACK holds no answer: the call goes on as it was', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await talkingFromPbx(stage);
  await asks(stage);
  await pbx.sends('ACK');
  await teams.getsNothing();
  await pbxHangsUp(stage);
  for (const verb of ['offer', 'answer', 'offer', 'offer', 'answer', 'delete'] as const) await relay.got(verb);
});

scenario('The ACK never comes: after 32 s both are hung up on', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await talkingFromPbx(stage);
  await asks(stage);
  await pbx.gets('BYE', { within: seconds(33) });
  await pbx.sends(200);
  await teams.gets('BYE');
  await teams.sends(200);
  assert.equal(records[0]?.end?.reason, 'ack-timeout');
});

scenario('The relay makes no offer: the PBX hears 500, and the call goes on', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await talkingFromPbx(stage);
  relay.fails('offer');
  await pbx.sends('INVITE', { offer: 'none' });
  await pbx.gets(100);
  await pbx.gets(500);
  await teams.getsNothing();
  await pbxHangsUp(stage);
});

scenario('The relay cannot read the answer: the call goes on as it was', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await talkingFromPbx(stage);
  await held(stage);
  await asks(stage);
  relay.fails('answer', 488);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await teams.getsNothing();
  await pbxHangsUp(stage);
});

scenario('The PBX cancels its asking: everything is as it was', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await talkingFromPbx(stage);
  await pbx.sends('INVITE', { offer: 'none' });
  relay.hangs();
  await pbx.sends('CANCEL');
  await pbx.gets(100);
  await pbx.gets(200);
  await pbx.gets(487);
  relay.comesBack();
  await teams.getsNothing();
  await pbxHangsUp(stage);
});

scenario('Teams hangs up while the answer is out', oneTrunkEach, async (stage) => {
  const { pbx } = stage;
  await talkingFromPbx(stage);
  await asks(stage);
  await teamsHangsUp(stage);
  await pbx.getsNothing();
});
