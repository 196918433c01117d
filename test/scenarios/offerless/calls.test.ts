/** A PBX calls without SDP: Teams gets an offer all the same, the PBX answers ours in its ACK (RFC 3261 §13.2.1). */
import assert from 'node:assert/strict';
import { scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { oneTrunkEach, twoDataCentres } from '../../kit/setups.ts';
import { pbxHangsUp, teamsHangsUp } from '../stories.ts';

/** What the PBX says with PCMU alone. */
const pcmuOnly =
  'v=0\r\no=- 7 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n';
const withFormats = (formats: string) => pcmuOnly.replace('0 101', formats) as `v=0${string}`;
const teamsAnswers = (formats: string) =>
  `v=0\r\no=- 9 1 IN IP4 52.112.0.50\r\ns=-\r\nc=IN IP4 52.112.0.50\r\nt=0 0\r\nm=audio 50000 RTP/SAVP ${formats}\r\na=rtcp-mux\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n` as const;

async function ringing({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await pbx.sends('INVITE', { to: '+4989111111', offer: 'none' });
  await pbx.gets(100);
  await teams.gets('INVITE', {
    offer: 'srtp-sdes',
    direction: 'sendrecv',
    body: /^m=audio \d+ RTP\/SAVP 8 0 9 101\r$/m,
  });
  await teams.sends(180);
  await pbx.gets(180, { answer: 'none' });
}

/** Up to our 200 with the offer, which the PBX has not acknowledged. */
async function offered(stage: Stage<'teams' | 'pbx'>, answer = teamsAnswers('8 101')): Promise<void> {
  const { teams, pbx } = stage;
  await ringing(stage);
  await teams.sends(200, { answer });
  await teams.gets('ACK');
  await pbx.gets(200, { offer: 'rtp-avp', direction: 'sendrecv', body: /^m=audio \d+ RTP\/AVP 8 101 0 9\r$/m });
}

scenario(
  'The PBX calls without SDP, Teams answers, and the answer of the PBX reaches the relay',
  oneTrunkEach,
  async (stage) => {
    const { pbx, relay, records } = stage;
    await offered(stage);
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await pbxHangsUp(stage);
    await relay.got('offer', { from: 'RTP/AVP', to: 'RTP/SAVP', sdp: /^m=audio 9 RTP\/AVP 8 0 9 101\r$/m });
    await relay.got('answer', { from: 'RTP/SAVP', to: 'RTP/AVP' });
    await relay.got('offer', { from: 'RTP/SAVP', to: 'RTP/AVP', sdp: /a=sendrecv/ });
    await relay.got('answer', { from: 'RTP/AVP', to: 'RTP/SAVP', sdp: /^c=IN IP4 10\.0\.0\.2\r$/m });
    await relay.got('delete');
    assert.equal(records[0]?.end?.reason, 'normal-clearing');
  },
);

scenario('Early media of Teams is plain ringing for a PBX that has offered nothing', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111', offer: 'none' });
  await pbx.gets(100);
  await teams.gets('INVITE', { offer: 'srtp-sdes' });
  await teams.sends(183, { answer: teamsAnswers('8 101') });
  await pbx.gets(180, { answer: 'none' });
  await teams.sends(200, { answer: 'none' });
  await teams.gets('ACK');
  await pbx.gets(200, { offer: 'rtp-avp' });
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await teamsHangsUp(stage);
});

scenario(
  'The PBX takes a codec that Teams did not choose: Teams is asked again, with that codec alone',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await offered(stage);
    await pbx.sends('ACK', { answer: withFormats('0 8 101') });
    await teams.gets('INVITE', {
      offer: 'srtp-sdes',
      direction: 'sendrecv',
      body: /^m=audio 30\d+ RTP\/SAVP 0 101\r$/m,
    });
    await teams.sends(200, { answer: teamsAnswers('0 101') });
    await teams.gets('ACK');
    await pbx.getsNothing();
    await teamsHangsUp(stage);
  },
);

scenario('Teams insists on its codec and the PBX on its own: both are hung up on', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await offered(stage);
  await pbx.sends('ACK', { answer: withFormats('0 101') });
  await teams.gets('INVITE', { body: /RTP\/SAVP 0 101\r$/m });
  await teams.sends(488);
  await pbx.gets('BYE', { headers: { reason: /No codec in common/ } });
  await pbx.sends(200);
  await teams.gets('BYE');
  await teams.sends(200);
  assert.equal(records[0]?.end?.reason, 'no-common-codec');
});

scenario('The PBX acknowledges without an answer: both are hung up on', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await offered(stage);
  await pbx.sends('ACK');
  await pbx.gets('BYE', { headers: { reason: /No usable answer/ } });
  await pbx.sends(200);
  await teams.gets('BYE');
  await teams.sends(200);
  assert.deepEqual(records[0]?.end, { result: 'caller-error', by: 'caller', reason: 'bad-answer' });
});

scenario('The PBX answers with a codec that nobody offered: both are hung up on', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await offered(stage);
  await pbx.sends('ACK', { answer: withFormats('18 101') });
  await pbx.gets('BYE');
  await pbx.sends(200);
  await teams.gets('BYE');
  await teams.sends(200);
  assert.equal(records[0]?.end?.reason, 'bad-answer');
});

scenario(
  'The first ACK is lost: the 200 comes again, and the answer with the next ACK',
  oneTrunkEach,
  async (stage) => {
    const { pbx, network, relay } = stage;
    await offered(stage);
    network.drops(1, 'pbx', 'ACK');
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await pbx.getsAgain(200);
    await pbx.sendsAgain('ACK');
    await pbx.sendsAgain('ACK');
    await pbxHangsUp(stage);
    for (const verb of ['offer', 'answer', 'offer', 'answer', 'delete'] as const) await relay.got(verb);
  },
);

scenario('The ACK never comes: after 32 s both are hung up on', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await offered(stage);
  await pbx.gets('BYE', { within: seconds(33) });
  await pbx.sends(200);
  await teams.gets('BYE');
  await teams.sends(200);
  assert.equal(records[0]?.end?.reason, 'ack-timeout');
});

scenario('The PBX cancels while Teams rings', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await ringing(stage);
  await pbx.sends('CANCEL');
  await pbx.gets(200);
  await pbx.gets(487);
  await teams.gets('CANCEL');
  await teams.sends(200, { for: 'CANCEL' });
  await teams.sends(487, { for: 'INVITE' });
});

scenario('Teams refuses: the PBX hears it', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await ringing(stage);
  await teams.sends(486);
  await pbx.gets(486);
});

scenario(
  'The first data centre is out of service: the second one gets an offer as well',
  twoDataCentres,
  async (stage) => {
    const { teamsOne, teamsTwo, pbx } = stage;
    await pbx.sends('INVITE', { to: '+4989111111', offer: 'none' });
    await pbx.gets(100);
    await teamsOne.gets('INVITE', { offer: 'srtp-sdes' });
    await teamsOne.sends(503);
    await teamsTwo.gets('INVITE', { offer: 'srtp-sdes' });
    await teamsTwo.sends(486);
    await pbx.gets(486);
  },
);

scenario('Teams hangs up before the PBX has acknowledged: its BYE waits for the ACK', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await offered(stage);
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await pbx.gets('BYE');
  await pbx.sends(200);
});

scenario(
  'Teams holds while the answer of the PBX is out: 491, as the PBX owes an answer first',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await offered(stage);
    await teams.sends('INVITE', { direction: 'inactive' });
    await teams.gets(100);
    await teams.gets(491);
    await pbx.sends('ACK', { answer: 'rtp-avp' });
    await pbxHangsUp(stage);
  },
);

scenario('The relay goes away before the ACK: the call cannot have media and ends', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay, records } = stage;
  await offered(stage);
  relay.goesAway();
  await pbx.sends('ACK', { answer: 'rtp-avp' });
  await pbx.gets('BYE');
  await pbx.sends(200);
  await teams.gets('BYE');
  await teams.sends(200);
  relay.comesBack();
  assert.equal(records[0]?.end?.reason, 'relay-unavailable');
});

scenario(
  'The relay makes no offer of what Teams has answered: 503 to the PBX, Teams is hung up on',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, relay, records } = stage;
    await ringing(stage);
    relay.fails('offer');
    await teams.sends(200);
    await teams.gets('ACK');
    await pbx.gets(503);
    await teams.gets('BYE');
    await teams.sends(200);
    assert.equal(records[0]?.end?.reason, 'relay-unavailable');
  },
);

scenario('A body that is no SDP is still refused with 415', oneTrunkEach, async ({ pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111', body: { type: 'text/plain', content: 'hello' } });
  await pbx.gets(100);
  await pbx.gets(415);
});

const narrowed = {
  'its own trunk names codecs: it hears of these alone': {
    trunks: [teamsTrunk({ codecs: ['PCMA', 'PCMU', 'opus'] }), pbxTrunk({ codecs: ['PCMU', 'G729'] })],
    formats: '0 18 101',
  },
  'the trunk to Teams names codecs: they stand before the usual ones, and the relay leaves Teams no other': {
    trunks: [teamsTrunk({ codecs: ['opus', 'PCMU'] }), pbxTrunk()],
    formats: '111 0 8 9 101',
  },
};
for (const [what, { trunks, formats }] of Object.entries(narrowed)) {
  const setup = { ...oneTrunkEach, state: routingState({ trunks }) };
  scenario(`The PBX calls without SDP, and ${what}`, setup, async ({ teams, pbx, relay }) => {
    await pbx.sends('INVITE', { to: '+4989111111', offer: 'none' });
    await pbx.gets(100);
    await teams.gets('INVITE', { offer: 'srtp-sdes', body: new RegExp(`^m=audio \\d+ RTP/SAVP ${formats}\r$`, 'm') });
    const { to } = await relay.got('offer', { sdp: new RegExp(`^m=audio 9 RTP/AVP ${formats}\r$`, 'm') });
    assert.deepEqual(to?.codecs, trunks[0]?.codecs);
    await teams.sends(486);
    await pbx.gets(486);
  });
}
