import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { codecNames } from './codecs.ts';
import { MAX_LINES, MAX_SDP_BYTES, parseSdp } from './description.ts';
import { direction, sameMedia, withDirection } from './sdp.ts';

const session = ['v=0', 'o=- 14859 2 IN IP4 192.0.2.1', 's=session', 'c=IN IP4 192.0.2.1', 'b=CT:10000000', 't=0 0'];
const sdp = (...media: readonly string[]): string => `${[...session, ...media].join('\r\n')}\r\n`;

const teamsOffer = sdp(
  'm=audio 52884 RTP/SAVP 111 103 104 9 0 8 106 13 110 112 113 126',
  'a=rtcp:52885',
  'a=ice-ufrag:hhYx',
  'a=crypto:0 AES_CM_128_HMAC_SHA1_32 inline:Hr4D2cgUu9+Uza5Igz/JkVx59DAxDbaxJg862ibQ|2^31',
  'a=sendrecv',
  'a=rtpmap:111 SIREN/16000',
  'a=fmtp:111 bitrate=16000',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:126 telephone-event/8000',
  'a=rtcp-mux',
);
const bypassOffer = sdp(
  'm=audio 54056 UDP/TLS/RTP/SAVP 0 8 76 77 18 9 101 13',
  'c=IN IP4 198.51.100.7',
  'a=fingerprint:sha-256 AE:24:07',
  'a=setup:actpass',
  'a=candidate:1 1 UDP 2130706431 99.66.240.130 50006 typ host',
);
const notSdp = [
  '',
  'hello',
  'v=0',
  'v=0\r\no=x\r\n',
  'v=1\r\n',
  sdp('m=audio'),
  sdp('m=audio x RTP/AVP 0'),
  sdp('m=audio 70000 RTP/AVP 0'),
  sdp('oops'),
];

suite('parseSdp', () => {
  test('a Teams offer is read, and no line is lost', () => {
    const offer = parseSdp(teamsOffer);
    assert.ok(offer);
    assert.equal(`${offer.lines.join('\r\n')}\r\n`, teamsOffer);
    assert.deepEqual(offer.origin, { username: '-', sessionId: '14859', version: '2', address: '192.0.2.1' });
    assert.equal(offer.sessionConnection, '192.0.2.1');
    const [audio] = offer.media;
    assert.ok(audio);
    assert.deepEqual(
      [audio.kind, audio.port, audio.profile, audio.connection],
      ['audio', 52884, 'RTP/SAVP', '192.0.2.1'],
    );
    assert.deepEqual(audio.formats, ['111', '103', '104', '9', '0', '8', '106', '13', '110', '112', '113', '126']);
    assert.deepEqual(audio.attributes.at(-1), { name: 'rtcp-mux' });
    assert.deepEqual(audio.attributes[5], { name: 'fmtp', value: '111 bitrate=16000' });
    assert.deepEqual([audio.firstLine, audio.endLine], [6, offer.lines.length]);
  });

  test('a section has its own connection before the session’s', () => {
    assert.equal(parseSdp(bypassOffer)?.media[0]?.connection, '198.51.100.7');
    assert.equal(
      parseSdp(sdp('m=audio 1 RTP/AVP 0', 'c=IN IP4 233.252.0.1/127/3'))?.media[0]?.connection,
      '233.252.0.1',
    );
  });

  test('lone line feeds and a last line without an end are read', () => {
    assert.equal(parseSdp(teamsOffer.replaceAll('\r\n', '\n').trimEnd())?.media.length, 1);
  });

  for (const text of notSdp) {
    test(`${JSON.stringify(text.slice(-24))} is no description`, () => {
      assert.equal(parseSdp(text), undefined);
    });
  }

  test('more octets, or more formats in one stream, than any description has are refused', () => {
    const ofOctets = (octets: number) => sdp('a=').replace('a=', `a=${'x'.repeat(octets - sdp('a=').length)}`);
    assert.ok(parseSdp(ofOctets(MAX_SDP_BYTES)));
    assert.equal(parseSdp(ofOctets(MAX_SDP_BYTES + 1)), undefined);
    const ofFormats = (count: number) => sdp(`m=audio 4 RTP/AVP ${'0 '.repeat(count - 1)}0`);
    assert.equal(parseSdp(ofFormats(1024))?.media[0]?.formats.length, 1024);
    assert.equal(parseSdp(ofFormats(1025)), undefined);
  });

  test(`more than ${MAX_LINES} lines are refused`, () => {
    assert.ok(parseSdp(sdp(...Array.from({ length: MAX_LINES - session.length }, () => 'a=x'))));
    assert.equal(parseSdp(sdp(...Array.from({ length: MAX_LINES }, () => 'a=x'))), undefined);
  });
});

suite('direction', () => {
  test('is the section’s own, else the session’s, else sendrecv', () => {
    const [head = '', ...rest] = session;
    const held = `${[head, ...rest, 'a=inactive', 'm=audio 1 RTP/AVP 0'].join('\r\n')}\r\n`;
    assert.equal(direction(held), 'inactive');
    assert.equal(direction(`${held}a=sendonly\r\n`), 'sendonly');
    assert.equal(direction(sdp('m=audio 1 RTP/AVP 0')), 'sendrecv');
    const parsed = parseSdp(held);
    assert.ok(parsed);
    assert.equal(direction(parsed), 'inactive');
    assert.equal(direction('no description'), 'sendrecv');
  });

  test('is that of the audio that is not refused', () => {
    const media = [
      'm=video 9 RTP/AVP 96',
      'a=inactive',
      'm=audio 0 RTP/AVP 0',
      'a=inactive',
      'm=audio 4 RTP/AVP 0',
      'a=recvonly',
    ];
    assert.equal(direction(sdp(...media)), 'recvonly');
  });
});

suite('withDirection', () => {
  test('changes one line of a Teams offer and leaves the others', () => {
    assert.equal(withDirection(teamsOffer, 'inactive'), teamsOffer.replace('a=sendrecv', 'a=inactive'));
  });

  test('adds the line where there is none, in every section', () => {
    const text = sdp('m=audio 1 RTP/AVP 0', 'a=ptime:20', 'm=video 2 RTP/AVP 96', 'a=sendonly', 'a=recvonly');
    const expected = sdp('m=audio 1 RTP/AVP 0', 'a=ptime:20', 'a=inactive', 'm=video 2 RTP/AVP 96', 'a=inactive');
    assert.equal(withDirection(text, 'inactive'), expected);
  });

  test('leaves text alone that is no description', () => {
    assert.equal(withDirection('hello', 'inactive'), 'hello');
  });

  test('is what direction reads back, and changes nothing the second time', () => {
    const directions = fc.constantFrom('sendrecv', 'sendonly', 'recvonly', 'inactive');
    const media = fc.array(
      fc.constantFrom('m=audio 1 RTP/AVP 0', 'a=sendonly', 'a=inactive', 'a=ptime:20', 'c=IN IP4 0.0.0.0'),
    );
    fc.assert(
      fc.property(media, directions, (lines, wanted) => {
        const text = sdp('m=audio 1 RTP/AVP 0', ...lines);
        const once = withDirection(text, wanted);
        assert.equal(direction(once), wanted);
        assert.equal(withDirection(once, wanted), once);
        const others = (all: string): string[] =>
          all.split('\r\n').filter((line) => !/^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line));
        assert.deepEqual(others(once), others(text));
      }),
    );
  });
});

suite('sameMedia', () => {
  test('an offer repeated as it was is the same; one with a new version or a new line is not', () => {
    assert.equal(sameMedia(teamsOffer, teamsOffer), true);
    assert.equal(sameMedia(teamsOffer, teamsOffer.replaceAll('\r\n', '\n')), true);
    assert.equal(sameMedia(teamsOffer, teamsOffer.replace('14859 2', '14859 3')), false);
    assert.equal(sameMedia(teamsOffer, `${teamsOffer}a=x\r\n`), false);
  });
});

suite('codecs', () => {
  test('names come from rtpmap, else from the static table, in order and once each', () => {
    assert.deepEqual(codecNames(teamsOffer), ['SIREN', 'G722', 'PCMU', 'PCMA', 'CN', 'telephone-event']);
    assert.deepEqual(codecNames(bypassOffer), ['PCMU', 'PCMA', 'G729', 'G722', 'CN']);
    assert.deepEqual(codecNames(sdp('m=audio 1 RTP/AVP 8 96 97', 'a=rtpmap:96 CN/16000', 'a=rtpmap:97 CN/32000')), [
      'PCMA',
      'CN',
    ]);
    assert.deepEqual(codecNames(sdp('m=image 1 udptl t38')), []);
    assert.deepEqual(codecNames('x'), []);
  });
});

test('no text makes a question throw', () => {
  const line = fc.oneof(
    fc.constantFrom(...teamsOffer.split('\r\n'), 'm=', 'o=', 'c=', 'c=IN', 'a=', 'a=rtpmap', 'a=rtpmap:', 'm=a 1 b'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = ['v=0', ...lines].join('\r\n');
      assert.ok(Array.isArray(codecNames(text)));
      assert.equal(sameMedia(text, text), true);
      const changed = withDirection(text, 'inactive');
      assert.equal(changed === text || parseSdp(changed) !== undefined, true);
    }),
  );
});
