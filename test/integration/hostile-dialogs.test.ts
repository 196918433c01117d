/** A real call, and strangers who know everything about it: it goes on, and nothing of theirs is left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestText, type Sender } from '../conformance/live/corpus.ts';
import { assertUnharmed, headerOf, raiseLiveStage, TlsPeer, UdpPeer } from '../conformance/live/live-stage.ts';
import { statusOf } from '../kit/agent-text.ts';
import { ackOf, standingCall } from '../conformance/live/standing-call.ts';
import { eventually } from './local-observe.ts';

const FLOOD = 1000;
const BATCH = 50;
const MAX_GROWTH_MEGABYTES = 120;
const METHODS = ['BYE', 'INVITE', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'CANCEL'] as const;

test('strangers in a call', async (t) => {
  const stage = await raiseLiveStage(t);
  const { pbx, pod, block, simulator, ground } = stage;
  const udp: Sender = { protocol: 'UDP', sentBy: `${pbx.address}:5060`, sbc: pod.address };
  pbx.onText = (text) => {
    if (statusOf(text) === 200 && / INVITE$/.test(headerOf(text, 'CSeq') ?? '')) void pbx.send(ackOf(text, udp));
  };
  const { call, teams } = await standingCall(stage, udp, 'stands');
  const goesOn = async () => {
    assert.equal(teams.state, 'Answered');
    assert.equal(await pod.metric('sbc_calls_active'), 1);
    assert.equal((await pod.mediaSessions()).length, 1);
  };
  let drawn = 0;
  const forged = (method: string, sender: Sender, changes: Partial<typeof call> = {}) =>
    requestText(method, sender, `forged${++drawn}`, { ...call, uri: call.target, sequence: 50, ...changes });
  const wrongTags = { to: call.to.replace(/;tag=.*/, ';tag=wrong') };

  await t.test('an address of nobody that knows its tags gets 403, and no more than twenty a second', async (tt) => {
    const stranger = await UdpPeer.open(block.address(99), pod.address);
    tt.after(() => stranger.close());
    for (let sent = 0; sent < FLOOD; sent++) await stranger.send(forged(METHODS[sent % METHODS.length]!, udp));
    assert.equal(await pbx.probe(), 200);
    assert.ok(stranger.heard.length > 0, 'no answer at all');
    assert.ok(stranger.heard.length <= FLOOD / 4, `${stranger.heard.length} answers`);
    for (const text of stranger.heard) assert.equal(statusOf(text), 403);
    await goesOn();
  });

  await t.test('Microsoft’s trunk may not speak in the dialog of the PBX', async () => {
    const peer = await TlsPeer.open(stage, block.address(100));
    const tls: Sender = { protocol: 'TLS', sentBy: `${ground.dataCentres[0].host}:5061`, sbc: pod.address };
    for (const method of METHODS) peer.send(forged(method, tls));
    assert.equal(await peer.probe(), 200);
    const statuses = () =>
      peer
        .messages()
        .map(statusOf)
        .filter((status) => status >= 300);
    await eventually('each is refused', statuses, (seen) => seen.length === METHODS.length);
    assert.deepEqual(new Set(statuses()), new Set([403, 481]));
    peer.close();
    await goesOn();
  });

  await t.test(
    'nor may the PBX itself with wrong tags, however often; ACKs and responses to nothing are nothing',
    async () => {
      const counted = await pod.metric('sbc_refused_total', { protocol: 'UDP', reason: 'stray-response' });
      for (let sent = 0; sent < FLOOD; sent += BATCH) {
        pbx.heard.length = 0;
        for (let at = 0; at < BATCH; at++) {
          const method = METHODS[at % METHODS.length]!;
          await pbx.send(forged(method, udp, wrongTags));
          await pbx.send(forged('ACK', udp, at % 2 === 0 ? wrongTags : { sequence: at }));
          await pbx.send(forged(method, udp).replace(/^.*/, 'SIP/2.0 200 OK'));
        }
        assert.equal(await pbx.probe(), 200);
        const own = pbx.heard.filter((text) => text.includes(call.callId) && statusOf(text) !== 100);
        assert.deepEqual([...new Set(own.map(statusOf))], [481]);
      }
      const stray = await pod.metric('sbc_refused_total', { protocol: 'UDP', reason: 'stray-response' });
      assert.equal(stray - counted, FLOOD);
      await goesOn();
    },
  );

  await t.test('a thousand OPTIONS are answered beside it', async () => {
    pbx.heard.length = 0;
    for (let sent = 0; sent < FLOOD; sent += BATCH) {
      for (let at = 0; at < BATCH; at++)
        await pbx.send(forged('OPTIONS', udp, { to: '<sip:x@y.z>', callId: `options-${sent}-${at}` }));
      assert.equal(await pbx.probe(), 200);
    }
    assert.equal(pbx.heard.filter((text) => text.includes('options-') && statusOf(text) === 200).length, FLOOD);
    await goesOn();
  });

  await t.test('then its own people end it, and nothing is left', async () => {
    pbx.heard.length = 0;
    await pbx.send(forged('BYE', udp, { sequence: 100 }));
    const answers = () => pbx.heard.map(statusOf);
    await eventually('BYE is answered', answers, (seen) => seen.includes(200));
    assert.deepEqual(await teams.ended.then(({ by }) => by), 'sbc');
    assert.equal(simulator.log.received('BYE').length, 1);
    await assertUnharmed(stage, MAX_GROWTH_MEGABYTES);
  });
});
