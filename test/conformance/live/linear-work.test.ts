/**
 * Work grows with the size of a message and no faster: eight times the octets may cost at most `MAX_RATIO` times as much
 * (linear work 8, quadratic 64). A ratio of the least of several short measurements of each, taken in turns: neither the
 * machine nor what else runs on it is measured. It stands among the tests that run one after another all the same.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sdpBody } from '../../../sbc-runtime/src/b2bua/sdp-body.ts';
import { dialogOfUas } from '../../../sbc-runtime/src/dialog/dialog-state.ts';
import { sdpFault } from '../../../sbc-runtime/src/media/rtpengine/sdp-fault.ts';
import { readMessage } from '../../../sbc-runtime/src/message-reading.ts';
import { codecNames } from '../../../sbc-runtime/src/sdp/codecs.ts';
import { parseSdp } from '../../../sbc-runtime/src/sdp/description.ts';
import { sameMedia, withDirection } from '../../../sbc-runtime/src/sdp/sdp.ts';
import { parseDatagram, parseHead } from '../../../sbc-runtime/src/sip/parse.ts';
import { parseReason } from '../../../sbc-runtime/src/sip/reason-header.ts';
import { redact } from '../../../sbc-runtime/src/sip/redact.ts';
import { responseTo } from '../../../sbc-runtime/src/sip/response-to.ts';
import { serialize } from '../../../sbc-runtime/src/sip/serialize.ts';
import { contentLength, StreamFramer } from '../../../sbc-runtime/src/transport/framing.ts';
import { defaultLimits } from '../../../sbc-runtime/src/transport/limits.ts';
import { stampVia } from '../../../sbc-runtime/src/transport/via-stamp.ts';

const TIMES = 8;
/** The largest head is as long as `TIMES` of these. */
const SMALL = defaultLimits.maxHeadBytes / TIMES;
const MAX_RATIO = 3 * TIMES;
/** At most. The least of more measurements is nearer to the truth: no more are taken once the truth is good enough. */
const MAX_SAMPLES = 50;
const SAMPLE_MICROS = 1000;

function micros(work: () => void, rounds: number): number {
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) work();
  return (1000 * (performance.now() - startedMs)) / rounds;
}

/** So that a sample takes about as long as the clock can tell well. */
function roundsOf(work: () => void): number {
  let rounds = 1;
  while (rounds * micros(work, rounds) < SAMPLE_MICROS && rounds < 4096) rounds *= 2;
  return rounds;
}

function assertLinear(input: (octets: number) => string, work: (text: string) => void): void {
  const [small, large] = [input(SMALL), input(TIMES * SMALL)];
  const grown = large.length / small.length;
  assert.ok(grown > 0.8 * TIMES && grown < 1.2 * TIMES, `grew by ${grown}`);
  const onSmall = () => work(small);
  const onLarge = () => work(large);
  const [smallRounds, largeRounds] = [roundsOf(onSmall), roundsOf(onLarge)];
  let [less, more] = [Infinity, Infinity];
  for (let sample = 0; sample < MAX_SAMPLES && (sample < 3 || more / less >= MAX_RATIO); sample++) {
    less = Math.min(less, micros(onSmall, smallRounds));
    more = Math.min(more, micros(onLarge, largeRounds));
  }
  const ratio = more / less;
  assert.ok(
    ratio < MAX_RATIO,
    `${ratio.toFixed(1)} times the work for ${TIMES} times the octets (${less.toFixed(0)} µs)`,
  );
}

const of = (octets: number, unit: string): string => unit.repeat(Math.max(1, Math.floor(octets / unit.length)));

const head = (lines: string) =>
  `INVITE sip:+4989@sbc.example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example.com;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n${lines}\r\n\r\n`;
const mandatory =
  'From: <sip:a@b.c>;tag=a\r\nTo: <sip:d@e.f>\r\nCall-ID: 1@b.c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b.c>';
const request = (line: string) => head(`${mandatory}\r\n${line}`);
const inPlaceOf = (name: string, value: string) =>
  head(mandatory.replace(new RegExp(`${name}: [^\\r]*`), () => `${name}: ${value}`));

/** A head of so many octets in few lines, each way to make one expensive. */
const heads: Record<string, (octets: number) => string> = {
  'one long line': (octets) => request(`Subject: ${of(octets, 'a')}`),
  'folded lines': (octets) => request(`Subject: a${of(octets, '\r\n x')}`),
  'empty folded lines': (octets) => request(`Subject: a${of(octets, '\r\n ')}`),
  'blanks before a colon': (octets) => request(`Subject${of(octets, ' ')}: a`),
  'a long name': (octets) => request(`${of(octets, 'a')}: a`),
  'short lines': (octets) => request(of(octets, 'a:b\r\n').trimEnd()),
  'lines without a colon': (octets) => request(of(octets, 'ab\r\n').trimEnd()),
  '200 long lines': (octets) =>
    request(
      of(200 * 8, 'X-Lines: ')
        .split(' ')
        .map((name) => `${name} ${of(octets / 200, 'v')}`)
        .slice(0, 200)
        .join('\r\n'),
    ),
  'Vias on one line': (octets) =>
    inPlaceOf('Call-ID', `1\r\nv: ${of(octets, 'SIP/2.0/UDP h;branch=z9hG4bKx,')}SIP/2.0/UDP h`),
  'parameters of the top Via': (octets) => head(mandatory).replace('z9hG4bK1', () => `z9hG4bK1${of(octets, ';a=b')}`),
  'parameters of From': (octets) => inPlaceOf('From', `<sip:a@b.c>;tag=a${of(octets, ';x')}`),
  'parameters of a Contact URI': (octets) => inPlaceOf('Contact', `<sip:a@b.c${of(octets, ';x=y')}>`),
  'parameters of the Request-URI': (octets) =>
    head(mandatory).replace('sbc.example.com', () => `s${of(octets, ';x=y')}`),
  'a long user part': (octets) => head(mandatory).replace('+4989', () => of(octets, ':')),
  'escapes in a display name': (octets) => inPlaceOf('From', `"${of(octets, '\\"')}" <sip:a@b.c>;tag=a`),
  'an open quote': (octets) => inPlaceOf('From', `"${of(octets, 'a ')}`),
  'quotes in a bare URI': (octets) => inPlaceOf('From', `sip:a@b.c;x="${of(octets, '<>')}";tag=a`),
  'open brackets': (octets) => inPlaceOf('To', of(octets, '<')),
  'closed brackets': (octets) => inPlaceOf('To', of(octets, '<>')),
  commas: (octets) => inPlaceOf('Contact', `<sip:a@b.c>${of(octets, ', ')}`),
  'many Contacts': (octets) => inPlaceOf('Contact', `<sip:a@b.c>${of(octets, ', <sip:a@b.c>')}`),
  'a Record-Route list': (octets) => request(`Record-Route: ${of(octets, '<sip:p.example.com;lr>, ')}<sip:q;lr>`),
  'a History-Info list': (octets) =>
    request(`History-Info: ${of(octets, '<sip:+1@p.example.com>;index=1.1, ')}<sip:q>;index=2`),
  'Require tags': (octets) => request(`Require: ${of(octets, 'x,')}y`),
  'Reason values': (octets) => request(`Reason: ${of(octets, 'Q.850;cause=16;text="a",')}SIP;cause=200`),
  'control characters in quotes': (octets) => request(`Subject: "${of(octets, '\\\x01')}"`),
  'digits of a CSeq': (octets) => inPlaceOf('CSeq', `${of(octets, '0')}1 INVITE`),
  'digits of a Content-Length': (octets) => request(`Content-Length: ${of(octets, '0')}`),
  'line breaks in front': (octets) => of(octets, '\r\n') + head(mandatory),
};

/** Everything that is done with a message on its way through, and for its ladder. */
function wholeWay(text: string): void {
  const result = parseDatagram(text);
  const end = text.indexOf('\r\n\r\n');
  parseHead(text.slice(0, end), text.slice(end + 4));
  contentLength(text.slice(0, end));
  redact(text);
  readMessage(text);
  const message = result.ok ? result.message : result.request;
  if (message?.isRequest !== true) return;
  stampVia(message, '192.0.2.1', 5060);
  for (const name of ['Via', 'Record-Route', 'Contact', 'Require', 'History-Info']) message.headers.list(name);
  for (const value of message.headers.getAll('Reason')) parseReason(value);
  serialize(message);
  serialize(responseTo(message, 180, { toTag: 'x' }));
  if (result.ok) dialogOfUas(message, 'x');
}

suite('a head costs as much as it has octets', () => {
  for (const [name, input] of Object.entries(heads)) {
    test(name, () => assertLinear(input, wholeWay));
  }
});

const sdpHead = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n';
const bodies: Record<string, (octets: number) => string> = {
  attributes: (octets) =>
    `${sdpHead}m=audio 4000 RTP/AVP 0\r\n${of(octets, `a=rtpmap:8 PCMA/8000${'x'.repeat(20)}\r\n`)}`,
  'empty attributes': (octets) => `${sdpHead}m=audio 4000 RTP/AVP 0\r\n${of(octets, 'a=\r\n')}`,
  formats: (octets) => `${sdpHead}m=audio 4000 RTP/AVP ${of(octets, '0 ')}8\r\n`,
  'distinct formats': (octets) =>
    `${sdpHead}m=audio 4000 RTP/AVP ${Array.from({ length: octets / 8 }, (_, at) => 1_000_000 + at).join(' ')}\r\n`,
  'm= lines': (octets) => `${sdpHead}${of(octets, `m=audio 4000 RTP/AVP 0${' 0'.repeat(20)}\r\n`)}`,
  'one long line': (octets) => `${sdpHead}m=audio 4000 RTP/AVP 0\r\na=${of(octets, 'x')}\r\n`,
  'line feeds': (octets) => `${sdpHead}${of(octets, '\n')}`,
  'crypto lines': (octets) =>
    `${sdpHead}m=audio 4000 RTP/SAVP 0\r\n${of(octets, `a=crypto:1 AES inline:${'k'.repeat(40)}\r\n`)}`,
};

suite('so does a session description', () => {
  for (const [name, input] of Object.entries(bodies)) {
    test(name, () =>
      assertLinear(input, (sdp) => {
        parseSdp(sdp);
        codecNames(sdp);
        sdpFault(sdp, 'RTP/SAVP');
        withDirection(sdp, 'inactive');
        sameMedia(sdp, `${sdp} `);
        redact(sdp);
      }),
    );
  }
});

const multipart = (boundary: string, body: string) => {
  const text = request(`Content-Type: multipart/mixed;boundary=${boundary}\r\nContent-Length: ${body.length}`);
  return text + body;
};
const multiparts: Record<string, (octets: number) => string> = {
  'many parts': (octets) => multipart('b', `${of(octets, '--b\r\nContent-Type: a/b\r\n\r\nx\r\n')}--b--\r\n`),
  'delimiters alone': (octets) => multipart('b', of(octets, '--b\r\n')),
  'almost delimiters': (octets) => multipart('b'.repeat(70), of(octets, `--${'b'.repeat(69)}a`)),
  'one part with a long head': (octets) => multipart('b', `--b\r\n${of(octets, 'X: y\r\n')}\r\nx\r\n--b--`),
  'parts within parts': (octets) =>
    multipart('b', `--b\r\n${of(octets, 'Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\n')}`),
  'no part at all': (octets) => multipart('b', of(octets, '-')),
};

suite('so does a body of many parts', () => {
  for (const [name, input] of Object.entries(multiparts)) {
    test(name, () =>
      assertLinear(input, (text) => {
        const result = parseDatagram(text);
        assert.ok(result.ok);
        sdpBody(result.message);
      }),
    );
  }
});

suite('so does a stream, however it is cut', () => {
  const nobody = { onMessage: () => undefined, onPing: () => undefined, onBroken: () => undefined };
  const cuts: Record<string, number> = { 'octet by octet': 1, 'in segments of 97 octets': 97, 'at once': Infinity };
  const streams: Record<string, (octets: number) => string> = {
    'one long head': (octets) => request(`Subject: ${of(octets - 1000, 'a')}`),
    'a head that never ends': (octets) => of(octets - 1000, 'a\r\n'),
    'small messages': (octets) => of(octets, request('Content-Length: 0')),
    'a long body': (octets) => request(`Content-Length: ${octets}`) + 'x'.repeat(octets),
    'keep-alives': (octets) => of(octets, '\r\n'),
  };
  for (const [how, size] of Object.entries(cuts)) {
    for (const [name, input] of Object.entries(streams)) {
      test(`${name}, ${how}`, () =>
        assertLinear(input, (text) => {
          const octets = Buffer.from(text, 'latin1');
          const framer = new StreamFramer(nobody, defaultLimits);
          for (let at = 0; at < octets.length; at += size) framer.push(octets.subarray(at, at + size));
        }));
    }
  }
});
