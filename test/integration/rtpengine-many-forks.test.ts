/** One ringing call and hundreds of phones with early media, against a real rtpengine with few ports: nobody else’s are taken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallMedia } from '../../sbc-runtime/src/b2bua/call-media.ts';
import { CallSide, type SideUser } from '../../sbc-runtime/src/b2bua/call-side.ts';
import type { MediaResult } from '../../sbc-runtime/src/media/media-relay.ts';
import { peersOf } from '../../sbc-runtime/src/peers/peers-of.ts';
import { routingState } from '../kit/routing-state.ts';
import { connectRelay, crypto80, linesOf, pbxSdp, startRtpengine, teamsSdp } from './rtpengine-daemon.ts';

const BLOCK = 33;
const FORKS = 200;

const nobody: SideUser = {
  sessionId: '1',
  isSettled: true,
  onEvent: () => undefined,
  onResponse: () => undefined,
  onFailure: () => undefined,
  onNewAnswer: () => undefined,
  onChanged: () => undefined,
};

test('two hundred answers of different phones to one offer cost the ports of one call', async (t) => {
  // A call takes two on each side.
  const daemon = await startRtpengine(BLOCK, '--port-min=31000', '--port-max=31005');
  const connected = connectRelay(BLOCK);
  t.after(async () => {
    connected.relay.close();
    await daemon.end();
  });
  await connected.becomes(true);
  const peers = peersOf(routingState(), { podName: 'sbc-0', bindAddress: '127.0.0.1', userAgent: 'test' });
  const calls = (id: string) => {
    const waiting: ((result: MediaResult) => void)[] = [];
    const media = new CallMedia(connected.relay, id, ({ result }) => waiting.shift()?.(result));
    const caller = new CallSide('caller', peers.get('teams') ?? assert.fail(), nobody);
    const callee = new CallSide('callee', peers.get('pbx') ?? assert.fail(), nobody);
    const asks = (ask: () => void) =>
      new Promise<MediaResult>((resolve) => {
        waiting.push(resolve);
        ask();
      });
    return {
      offers: () => asks(() => media.offerTo(callee.peer, caller, teamsSdp([crypto80]), false)),
      answers: (sdp: string) =>
        asks(() => media.answer(callee, caller, sdp, (result) => ({ kind: 'media-answered', result }))),
    };
  };
  const ringing = calls('ringing');
  linesOf(await ringing.offers(), 'm=');
  const told = new Set<string>();
  for (let fork = 0; fork < FORKS; fork++) {
    const phone = pbxSdp()
      .replaceAll('192.0.2.1', `192.0.2.${1 + fork}`)
      .replace('m=audio 4000', `m=audio ${5000 + 2 * fork}`);
    told.add(linesOf(await ringing.answers(phone), 'm=').join());
  }
  assert.equal(told.size, 1, 'one port for the caller');
  for (const id of ['innocent', 'another']) {
    const innocent = calls(id);
    linesOf(await innocent.offers(), 'm=');
    linesOf(await innocent.answers(pbxSdp()), 'm=');
  }
  assert.equal((await connected.sessions()).length, 3);
  const fourth = await calls('one too many').offers();
  assert.equal(fourth.kind, 'refused', 'there was room for three calls, and no more');
});
