/** What Microsoft may send and a stream may do to it: many kilobytes, bodies of many parts, cut into any segments. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FQDN, PBX_NUMBER } from '../../kit/ground.ts';
import { eventually } from '../../integration/local-observe.ts';
import { requestText } from './corpus.ts';
import { assertUnharmed, headerOf, raiseLiveStage, responseText, TlsPeer } from './live-stage.ts';
import { statusOf } from '../../kit/agent-text.ts';

const MAX_GROWTH_MEGABYTES = 80;

const SAVP = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=session', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 40000 RTP/SAVP 8 101'],
  ...['a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', 'a=rtcp-mux'],
  'a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:2sD9kLgsz4Mq4YwQPK5Nl4H1ul7ld9WcWDe1cQVF|2^31',
  ...['a=x-data:'.padEnd(1500, 'x'), ''],
].join('\r\n');
const LOCATION = `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf">${'<note>floor</note>'.repeat(500)}</presence>`;

interface Large {
  readonly contentType: string;
  readonly body: string;
}

const alone: Large = { contentType: 'application/sdp', body: SAVP };
const besideLocation: Large = {
  contentType: 'multipart/mixed; boundary="location 1"',
  body: `--location 1\r\nContent-Type: application/pidf+xml\r\n\r\n${LOCATION}\r\n--location 1\r\nContent-Type: application/sdp\r\n\r\n${SAVP}\r\n--location 1--\r\n`,
};
const withinParts: Large = {
  contentType: 'multipart/mixed;boundary=b',
  body: `--b\r\nContent-Type: application/pidf+xml\r\n\r\n${LOCATION}\r\n--b\r\nContent-Type: multipart/alternative;boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n${SAVP}\r\n--b1--\r\n--b--\r\n`,
};

function inviteText({ contentType, body }: Large, id: string, sentBy: string): string {
  const text = requestText('INVITE', { protocol: 'TLS', sentBy, sbc: FQDN }, id, {
    uri: `sip:${PBX_NUMBER}@${FQDN}:5061`,
    from: `<sip:+4989111111@${sentBy}>;tag=${id}`,
    to: `<sip:${PBX_NUMBER}@${FQDN}:5061>`,
    callId: `large-${id}`,
    sequence: 1,
  });
  const history = Array.from(
    { length: 60 },
    (_, at) => `History-Info: <sip:+4989${at}@${FQDN};user=phone>;index=1.${at}`,
  );
  const head = text.slice(0, text.indexOf('\r\nContent-Type'));
  return `${head}\r\n${history.join('\r\n')}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test('large messages over TLS', async (t) => {
  const stage = await raiseLiveStage(t);
  const { pbx, block, ground } = stage;
  let calls = 0;
  const cases = [
    ['of 7 kB, in one piece', alone, 100_000],
    ['of 7 kB, octet by octet', alone, 1],
    ['of 16 kB with SDP beside a location, in segments of 100 octets', besideLocation, 100],
    ['of 16 kB with SDP within parts of parts, in segments of 1300 octets', withinParts, 1300],
  ] as const;
  for (const [what, large, segment] of cases) {
    await t.test(`an INVITE ${what} becomes a call, described to the PBX`, async () => {
      const peer = await TlsPeer.open(stage, block.address(100 + ++calls));
      const text = inviteText(large, `n${calls}`, `${ground.dataCentres[0].host}:5061`);
      assert.ok(text.length > 6000);
      const before = pbx.heard.length;
      for (let at = 0; at < text.length; at += segment) {
        // Each leaves as a TLS record of its own.
        peer.send(text.slice(at, at + segment));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const invite = () => pbx.heard.slice(before).find((heard) => heard.startsWith('INVITE '));
      await eventually('the PBX is called', invite, (found) => found !== undefined);
      assert.match(invite()!, /\r\nm=audio \d+ RTP\/AVP 8 101\r\n/);
      assert.equal(headerOf(invite()!, 'Content-Type'), 'application/sdp');
      await pbx.send(responseText(invite()!, 486));
      const answers = () => peer.messages().map(statusOf);
      await eventually('Microsoft hears', answers, (statuses) => statuses.includes(486));
      assert.deepEqual(answers(), [100, 486]);
      peer.close();
    });
  }

  await t.test('nothing is left of them', () => assertUnharmed(stage, MAX_GROWTH_MEGABYTES));
});
