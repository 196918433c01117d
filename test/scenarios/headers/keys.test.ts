/** SRTP towards Teams: its keys in every form that it writes, and no call without them. */
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

const KEY = 'inline:V/LrhZQFmdbsBhLZyEFp7ywbxYTFRLJFRGoJjCXn|2^31';
const described = (profile: string, version: number, ...cryptos: string[]): `v=0${string}` => {
  const media = [`m=audio 50000 ${profile} 8 0 101`, ...cryptos.map((crypto) => `a=crypto:${crypto}`), ''];
  return `v=0\r\no=- 1000 ${version} IN IP4 52.112.0.50\r\ns=-\r\nc=IN IP4 52.112.0.50\r\nt=0 0\r\n${media.join('\r\n')}`;
};
const plain = described('RTP/AVP', 9);
const keyless = described('RTP/SAVP', 9, `1 AES_CM_128_HMAC_SHA1_32 ${KEY}`);

for (const tag of [0, 1, 3]) {
  scenario(`Teams offers its key under tag ${tag}: the answer names that tag`, oneTrunkEach, async (stage) => {
    const { teams, pbx } = stage;
    const offer = described(
      'RTP/SAVP',
      1,
      `${tag + 4} AES_CM_128_HMAC_SHA1_32 ${KEY}`,
      `${tag} AES_CM_128_HMAC_SHA1_80 ${KEY}`,
    );
    await teams.sends('INVITE', { to: '+493055555', offer });
    await teams.gets(100);
    await pbx.gets('INVITE', { offer: 'rtp-avp' });
    await pbx.sends(200);
    await teams.gets(200, { body: new RegExp(`a=crypto:${tag} AES_CM_128_HMAC_SHA1_80 `) });
    await teams.sends('ACK');
    await pbx.gets('ACK');
    await teamsHangsUp(stage);
  });
}

scenario(
  'Teams answers with two keys under tags of its own, and refreshes: its tag is answered',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teams.gets('INVITE', { body: /a=crypto:1 AES_CM_128_HMAC_SHA1_80 / });
    const answer = described('RTP/SAVP', 1, `2 AES_CM_128_HMAC_SHA1_80 ${KEY}|1:1`, `3 AES_CM_128_HMAC_SHA1_80 ${KEY}`);
    await teams.sends(200, { answer });
    await pbx.gets(200, { answer: 'rtp-avp' });
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await teams.sends('INVITE', { offer: answer });
    await teams.gets(100);
    await teams.gets(200, { body: /a=crypto:2 AES_CM_128_HMAC_SHA1_80 / });
    await teams.sends('ACK');
    await pbxHangsUp(stage);
  },
);

for (const [what, offer] of [
  ['without SRTP', plain],
  ['without a key of the suite', keyless],
] as const) {
  scenario(`Teams calls ${what}: 488, and the PBX hears nothing of it`, oneTrunkEach, async ({ teams, pbx }) => {
    await teams.sends('INVITE', { to: '+493055555', offer });
    await teams.gets(100);
    await teams.gets(488);
    await pbx.getsNothing();
  });

  scenario(`Teams answers ${what}: it is hung up on, and the PBX hears 488`, oneTrunkEach, async ({ teams, pbx }) => {
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teams.gets('INVITE');
    await teams.sends(200, { answer: offer });
    await teams.gets('ACK');
    await teams.gets('BYE');
    await teams.sends(200);
    await pbx.gets(488);
  });

  scenario(`Teams wants to go on ${what}: 488, and the call stays as it was`, oneTrunkEach, async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromTeams(stage);
    await teams.sends('INVITE', { offer });
    await teams.gets(100);
    await teams.gets(488);
    await pbx.getsNothing();
    await teamsHangsUp(stage);
  });
}

scenario('The PBX offers plain RTP again and again: Teams reads SRTP each time', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromPbx(stage);
  for (const direction of ['sendonly', 'sendrecv'] as const) {
    await pbx.sends('INVITE', { direction });
    await pbx.gets(100);
    await teams.gets('INVITE', { offer: 'srtp-sdes', body: /m=audio \d+ RTP\/SAVP / });
    await teams.sends(200, { direction: direction === 'sendrecv' ? 'sendrecv' : 'inactive' });
    await pbx.gets(200, { answer: 'rtp-avp' });
    await pbx.sends('ACK');
    await teams.gets('ACK');
  }
  await pbxHangsUp(stage);
});

scenario(
  'The relay has no ports left: Teams is told 503 before any 18x, and the PBX is not called',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, relay } = stage;
    relay.fails('offer', 503, 'Ran out of ports');
    await teams.sends('INVITE', { to: '+493055555' });
    await teams.gets(100);
    await teams.gets(503, { headers: { 'retry-after': /^\d+$/ } });
    await pbx.getsNothing();
  },
);

scenario(
  'A PBX uses payload types twice, in its offer and in an answer: Teams reads each once',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    const media = [
      'm=audio 50000 RTP/AVP 8 0 8 101 101',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtpmap:101 opus/48000/2',
      '',
    ];
    const clash =
      `v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n${media.join('\r\n')}` as const;
    await pbx.sends('INVITE', { to: '+4989111111', offer: clash });
    await pbx.gets(100);
    const clean = /m=audio \d+ RTP\/SAVP 8 0 101\r\n(?!.*opus)(?=[^]*a=rtpmap:101 telephone-event\/8000)/s;
    await teams.gets('INVITE', { body: clean });
    await teams.sends(200);
    await pbx.gets(200);
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await teams.sends('INVITE', { direction: 'inactive' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(200, { answer: clash });
    await teams.gets(200, { body: clean, direction: 'inactive' });
    await teams.sends('ACK');
    await pbx.gets('ACK');
    await pbxHangsUp(stage);
  },
);
