/** The PBX moves its media within a call, as after a transfer on its side: Teams keeps our address, port and key (teams-direct-routing D-05). */
import assert from 'node:assert/strict';
import { scenario, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, teamsHangsUp } from '../stories.ts';

type Both = Stage<'teams' | 'pbx'>;

const described = (address: string, port: number, version: number) =>
  `v=0\r\no=- 1000 ${version} IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n` as const;
const moves = [
  ['10.0.0.77', 50_000],
  ['10.0.0.77', 61_002],
  ['10.0.0.2', 50_000],
] as const;

/** What is the same in all that Teams hears of our media. */
function placeIn(sdp: string | undefined): readonly string[] {
  return (sdp ?? '').split('\r\n').filter((line) => /^(c=|m=|a=crypto:|a=rtcp)/.test(line));
}

/** The PBX says each time where it is now; nobody else's media changes. */
async function pbxMoves({ teams, pbx, relay }: Both, place: readonly string[]): Promise<void> {
  assert.equal(place.filter((line) => line.startsWith('a=crypto:')).length, 1);
  for (const [index, [address, port]] of moves.entries()) {
    await pbx.sends('INVITE', { offer: described(address, port, 2 + index) });
    await pbx.gets(100);
    const { content } = await teams.gets('INVITE', { offer: 'srtp-sdes', direction: 'sendrecv' });
    assert.deepEqual(placeIn(content), place);
    await teams.sends(200);
    await teams.gets('ACK');
    await pbx.gets(200, { direction: 'sendrecv' });
    await pbx.sends('ACK');
    await relay.got('offer', { sdp: new RegExp(`c=IN IP4 ${address}\\r\\n(.*\\r\\n)*m=audio ${port} `) });
    await relay.got('answer');
  }
}

scenario('The PBX has called and moves its media three times', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await pbx.sends('INVITE', { to: '+4989111111', offer: described('10.0.0.2', 50_000, 1) });
  await pbx.gets(100);
  const { content } = await teams.gets('INVITE');
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200);
  await pbx.sends('ACK');
  await relay.got('offer');
  await relay.got('answer');
  await pbxMoves(stage, placeIn(content));
  await pbxHangsUp(stage);
});

scenario('The PBX was called and moves its media three times', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(200, { answer: described('10.0.0.2', 50_000, 1) });
  await pbx.gets('ACK');
  const { content } = await teams.gets(200);
  await teams.sends('ACK');
  await relay.got('offer');
  await relay.got('answer');
  await pbxMoves(stage, placeIn(content));
  await teamsHangsUp(stage);
});
