/** All the ways in which a PBX may hold: Teams gets `inactive` with a real address and port, and the PBX an answer that fits. */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { directionOf } from '../../teams-simulator/media.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

const described = (session: string, ...media: string[]): `v=0${string}` =>
  `v=0\r\no=- 1000 9 IN IP4 10.0.0.2\r\ns=-\r\nc=IN ${session}\r\nt=0 0\r\n${media.map((line) => `${line}\r\n`).join('')}`;
const audio = (port: number) => `m=audio ${port} RTP/AVP 8 0 101`;

const holds: [string, `v=0${string}`, RegExp][] = [
  ['sendonly', described('IP4 10.0.0.2', audio(50_000), 'a=sendonly'), /^(inactive|recvonly)$/],
  ['recvonly', described('IP4 10.0.0.2', audio(50_000), 'a=recvonly'), /^(inactive|sendonly)$/],
  ['inactive', described('IP4 10.0.0.2', audio(50_000), 'a=inactive'), /^inactive$/],
  ['0.0.0.0 for the session', described('IP4 0.0.0.0', audio(50_000)), /^inactive$/],
  ['0.0.0.0 and sendrecv', described('IP4 0.0.0.0', audio(50_000), 'a=sendrecv'), /^inactive$/],
  ['0.0.0.0 for the stream', described('IP4 10.0.0.2', audio(50_000), 'c=IN IP4 0.0.0.0'), /^inactive$/],
  ['::', described('IP6 ::', audio(50_000), 'a=sendonly'), /^inactive$/],
  ['port 0', described('IP4 10.0.0.2', audio(0), 'a=inactive'), /^inactive$/],
];
for (const [how, sdp, fitting] of holds) {
  scenario(`The PBX holds with ${how} and resumes`, oneTrunkEach, async (stage) => {
    const { teams, pbx } = stage;
    await talkingFromPbx(stage);
    await pbx.sends('INVITE', { offer: sdp });
    await pbx.gets(100);
    const held = await teams.gets('INVITE', { direction: 'inactive', offer: 'srtp-sdes' });
    assert.match(held.content ?? '', /^c=IN IP4 203\.0\.113\.10\r\n/m);
    await teams.sends(200, { direction: 'inactive' });
    const ok = await pbx.gets(200, { answer: 'rtp-avp' });
    assert.match(directionOf(ok.content ?? ''), fitting);
    assert.equal(/^m=audio 0 /m.test(ok.content ?? ''), how === 'port 0');
    await pbx.sends('ACK');
    await teams.gets('ACK');

    await pbx.sends('INVITE', { direction: 'sendrecv' });
    await pbx.gets(100);
    await teams.gets('INVITE', { direction: 'sendrecv', offer: 'srtp-sdes' });
    await teams.sends(200);
    await pbx.gets(200, { direction: 'sendrecv' });
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await pbxHangsUp(stage);
  });
}

scenario('A side that answers a hold with sendrecv is not taken at its word', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('INVITE', { direction: 'inactive' });
  await teams.gets(100);
  await pbx.gets('INVITE', { direction: 'inactive' });
  await pbx.sends(200, { direction: 'sendrecv' });
  await teams.gets(200, { direction: 'inactive' });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  await teamsHangsUp(stage);
});
