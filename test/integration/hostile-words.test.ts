/** Microsoft says 60 kB of Reason on its way out of a call, over TLS; the PBX on UDP hears of the end all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestText } from '../conformance/live/corpus.ts';
import { assertUnharmed, headerOf, raiseLiveStage, responseText, TlsPeer } from '../conformance/live/live-stage.ts';
import { statusOf } from '../kit/agent-text.ts';
import { FQDN, PBX_NUMBER } from '../kit/ground.ts';
import { eventually } from './local-observe.ts';
import { crypto80, teamsSdp } from './rtpengine-daemon.ts';

const MAX_GROWTH_MEGABYTES = 60;
const OFFER = teamsSdp([crypto80]);
const ANSWER =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 42000 RTP/AVP 8\r\na=sendrecv\r\n';

test('the end of a call, in too many words', async (t) => {
  const stage = await raiseLiveStage(t);
  const { pbx, pod, block, ground } = stage;
  const peer = await TlsPeer.open(stage, block.address(100));
  const tls = { protocol: 'TLS', sentBy: `${ground.dataCentres[0].host}:5061`, sbc: FQDN } as const;
  const reasons = Array.from({ length: 240 }, () => `Reason: SIP;cause=200;text="${'x'.repeat(230)}"\r\n`).join('');
  const wordy = (text: string) => text.replace('Content-Length', () => `${reasons}Content-Length`);
  const calls = async (id: string) => {
    const from = `<sip:+4989111111@${tls.sentBy}>;tag=${id}`;
    const uri = `sip:${PBX_NUMBER}@${FQDN}:5061`;
    const call = { uri, from, to: `<${uri}>`, callId: `wordy-${id}`, sequence: 1 };
    const before = pbx.heard.length;
    const [head] = requestText('INVITE', tls, id, call).split('\r\n\r\n');
    peer.send(`${head!.replace(/Content-Length: \d+/, `Content-Length: ${OFFER.length}`)}\r\n\r\n${OFFER}`);
    const heard = (method: string) => pbx.heard.slice(before).find((text) => text.startsWith(`${method} `));
    await eventually(
      'the PBX is called',
      () => heard('INVITE'),
      (found) => found !== undefined,
    );
    const told = (status: number) =>
      peer.messages().find((text) => statusOf(text) === status && headerOf(text, 'Call-ID') === call.callId);
    const arrives = (method: string) =>
      eventually(
        method,
        () => heard(method),
        (found) => found !== undefined,
      );
    return { call, invite: heard('INVITE')!, heard, told, arrives };
  };

  await t.test('BYE', async () => {
    const { call, invite, heard, told, arrives } = await calls('bye');
    const contact = [`Contact: <sip:pbx@${pbx.address}>`, 'Content-Type: application/sdp'];
    await pbx.send(responseText(invite, 200, contact, ANSWER));
    await eventually(
      'Microsoft hears the answer',
      () => told(200),
      (found) => found !== undefined,
    );
    const ok = told(200)!;
    const target = /<([^>]*)>/.exec(headerOf(ok, 'Contact')!)![1]!;
    const inside = { ...call, uri: target, to: headerOf(ok, 'To')! };
    peer.send(requestText('ACK', tls, 'ack', inside));
    const bye = wordy(requestText('BYE', tls, 'end', { ...inside, sequence: 2 }));
    assert.ok(bye.length > 60_000);
    peer.send(bye);
    await arrives('BYE');
    assert.equal(heard('BYE')!.match(/^Reason:/gm)?.length, 4);
    await pbx.send(responseText(heard('BYE')!, 200));
  });

  await t.test('CANCEL', async () => {
    const { call, invite, heard, arrives } = await calls('cancel');
    await pbx.send(responseText(invite, 180, [`Contact: <sip:pbx@${pbx.address}>`]));
    peer.send(wordy(requestText('CANCEL', tls, 'cancel', call)));
    await arrives('CANCEL');
    await pbx.send(responseText(heard('CANCEL')!, 200));
    await pbx.send(responseText(invite, 487));
    await arrives('ACK');
  });

  await t.test('nothing is left, and the PBX is up', async () => {
    await pod.metricIs('sbc_calls_active', {}, 0);
    peer.close();
    await assertUnharmed(stage, MAX_GROWTH_MEGABYTES);
  });
});
