/** Teams rings on several phones: each 18x has a To tag of its own, and any of them may answer, or one that never rang (I-15, I-16, F-20). */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp } from '../stories.ts';

/** Each phone has media of its own. */
const phone = (port: number): `v=0${string}` => {
  const address = `52.112.0.${port % 250}`;
  const lines = [
    `o=- ${port} 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/SAVP 8 0 101`,
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ',
    'a=rtcp-mux',
    'a=rtpmap:101 telephone-event/8000',
    'a=sendrecv',
  ];
  return `v=0\r\n${lines.join('\r\n')}\r\n`;
};

scenario(
  'Three phones ring, two with early media, a fourth answers: one dialog, and the relay hears the media of the one that answered',
  oneTrunkEach,
  async ({ teams, pbx, relay, ...stage }) => {
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teams.gets('INVITE');
    await relay.got('offer');
    const tags: (string | null | undefined)[] = [];
    const hears = async (status: number) => tags.push((await pbx.gets(status)).headers.to.params['tag']);

    await teams.sends(180, { toTag: 'desk' });
    await hears(180);
    await teams.sends(183, { toTag: 'mobile', answer: phone(50_002) });
    await hears(183);
    await relay.got('answer', { sdp: /m=audio 50002 / });
    await teams.sends(183, { toTag: 'laptop', answer: phone(50_003) });
    await stage.time.passes(10);
    const second = await relay.got('answer', { sdp: /m=audio 50003 / });
    // To the caller it is the same media once more: the relay's.
    await pbx.getsAgain(183);

    await teams.sends(200, { answer: phone(50_004) });
    await teams.gets('ACK');
    const last = await relay.got('answer', { sdp: /m=audio 50004 / });
    // RTPEngine makes a call silent whose offer was answered under two tags (test/integration/rtpengine-forks.test.ts).
    assert.deepEqual([second.fromTag, second.toTag], [last.fromTag, last.toTag]);
    await hears(200);
    assert.equal(new Set(tags).size, 1, `the caller sees ${tags.join(', ')}`);
    await pbx.sends('ACK');
    await stage.time.passes(seconds(30));
    await pbxHangsUp({ teams, pbx, relay, ...stage });
  },
);

scenario(
  'Another phone answers a moment too late: it gets ACK and BYE, and the call does not notice',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time, records } = stage;
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teams.gets('INVITE');
    await teams.sends(180, { toTag: 'desk' });
    await pbx.gets(180);
    await teams.sends(200);
    await teams.sends(200, { toTag: 'desk' });
    await teams.gets('ACK');
    await teams.gets('ACK');
    const bye = await teams.gets('BYE', { headers: { reason: /cause=200;text="Call completed elsewhere"/ } });
    assert.equal(bye.headers.to.params['tag'], 'desk');
    await teams.sends(200);
    await pbx.gets(200);
    await pbx.sends('ACK');
    await time.passes(seconds(60));
    assert.deepEqual(records, []);
    await pbxHangsUp(stage);
  },
);

for (const [earlyMedia, heard] of [
  ['Pass', [50_002, 50_003]],
  ['FirstOnly', [50_002]],
  ['Strip', []],
] as const) {
  const setup = { ...oneTrunkEach, state: routingState({ trunks: [teamsTrunk({ earlyMedia }), pbxTrunk()] }) };
  scenario(
    `Two phones have early media, the first answers without SDP: its own media is connected, also with ${earlyMedia}`,
    setup,
    async ({ teams, pbx, relay, ...stage }) => {
      await pbx.sends('INVITE', { to: '+4989111111' });
      await pbx.gets(100);
      await teams.gets('INVITE');
      await teams.sends(183, { toTag: 'desk', answer: phone(50_002) });
      await pbx.gets(earlyMedia === 'Strip' ? 180 : 183);
      await teams.sends(183, { toTag: 'mobile', answer: phone(50_003) });
      if (earlyMedia !== 'FirstOnly') await pbx.getsAgain(earlyMedia === 'Strip' ? 180 : 183);
      await teams.sends(200, { toTag: 'desk', answer: 'none' });
      await teams.gets('ACK');
      await pbx.gets(200, { answer: 'rtp-avp' });
      await pbx.sends('ACK');
      await relay.got('offer');
      for (const port of [...heard, 50_002]) await relay.got('answer', { sdp: new RegExp(`m=audio ${port} `) });
      await pbxHangsUp({ teams, pbx, relay, ...stage });
    },
  );
}

scenario('The late 200 of another phone is repeated: it gets its ACK again', oneTrunkEach, async (stage) => {
  const { teams, pbx, network } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200);
  await pbx.sends('ACK');
  network.dropsTo(1, 'teams', 'ACK');
  await teams.sends(200, { toTag: 'desk' });
  await teams.gets('BYE');
  await teams.sends(200);
  await teams.sendsAgain(200);
  await pbxHangsUp(stage);
});

scenario('183 with early media and never a 180', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(183, { answer: 'srtp-sdes' });
  await pbx.gets(183, { answer: 'rtp-avp' });
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200, { answer: 'rtp-avp' });
  await pbx.sends('ACK');
  await pbxHangsUp(stage);
});

scenario('200 without any 18x', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200, { answer: 'rtp-avp' });
  await pbx.sends('ACK');
  await pbxHangsUp(stage);
});

scenario('181: the call is being forwarded, and the PBX is told so', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(181);
  await pbx.gets(181);
  await teams.sends(180, { toTag: 'deputy' });
  await pbx.gets(180);
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200);
  await pbx.sends('ACK');
  await pbxHangsUp(stage);
});
