/** What holds for every message, and npm `sip` as a second opinion on the well-formed ones. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Headers } from './headers.ts';
import type { Message } from './message.ts';
import { Request, Response } from './message.ts';
import { parseNameAddr } from './name-addr.ts';
import { parseDatagram, parseHead } from './parse.ts';
import { parseReason } from './reason-header.ts';
import { redact } from './redact.ts';
import { responseTo } from './response-to.ts';
import { serialize } from './serialize.ts';
import { isSipUri, parseUri } from './uri.ts';

interface OtherAddr {
  uri: string;
  params: Record<string, string | null>;
}
interface OtherMessage {
  method?: string;
  uri?: string;
  status?: number;
  reason?: string;
  content: string;
  headers: {
    via: { protocol: string; host: string; port?: number; params: Record<string, string | null> }[];
    from: OtherAddr;
    to: OtherAddr;
    'call-id': string;
    cseq: { seq: number; method: string };
    contact?: OtherAddr[];
  };
}
const sip = createRequire(import.meta.url)('sip') as { parse(text: string): OtherMessage | undefined };

const octets = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const word = fc.stringMatching(/^[A-Za-z0-9]{1,10}$/);
const host = fc.stringMatching(/^[a-z0-9]{1,8}(\.[a-z]{2,5}){1,2}$/);
const spelled = (...names: string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...names, ...names.map((name) => name.toUpperCase()));
// Each name once (RFC 3261 §7.3.1): of two alike, ours takes the first and npm sip the last.
const params = fc.uniqueArray(fc.tuple(fc.stringMatching(/^x-[a-z]{1,6}$/), fc.option(word, { nil: undefined })), {
  maxLength: 3,
  selector: ([name]) => name,
});
const written = (pairs: [string, string | undefined][]): string =>
  pairs.map(([name, value]) => (value === undefined ? `;${name}` : `;${name}=${value}`)).join('');
const uri = fc
  .tuple(word, host, fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }), params)
  .map(([user, name, port, pairs]) => `sip:${user}@${name}${port === undefined ? '' : `:${port}`}${written(pairs)}`);
const nameAddr = fc
  .tuple(fc.constantFrom('', 'Megan ', '"A \\"B\\", C" ', '"<x>;y" '), uri, params)
  .map(([name, address, pairs]) => `${name}<${address}>${written(pairs)}`);
const via = fc
  .tuple(
    fc.constantFrom('UDP', 'TCP', 'TLS'),
    host,
    fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
    word,
    params,
  )
  .map(
    ([protocol, name, port, branch, pairs]) =>
      `SIP/2.0/${protocol} ${name}${port === undefined ? '' : `:${port}`};branch=z9hG4bK${branch}${written(pairs)}`,
  );
const method = fc.constantFrom('INVITE', 'OPTIONS', 'BYE', 'NOTIFY', 'FOO');
const line = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> =>
  fc.tuple(name, value);

const lines = fc
  .tuple(
    fc.array(line(spelled('Via', 'v'), via), { minLength: 1, maxLength: 3 }),
    line(
      spelled('From', 'f'),
      fc.tuple(nameAddr, word).map(([addr, tag]) => `${addr};tag=${tag}`),
    ),
    line(spelled('To', 't'), nameAddr),
    line(
      spelled('Call-ID', 'i'),
      fc.tuple(word, host).map(([id, name]) => `${id}@${name}`),
    ),
    fc.array(line(spelled('Contact', 'm'), nameAddr), { maxLength: 1 }),
    fc.array(line(fc.stringMatching(/^X-[A-Za-z]{1,8}$/), fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)), {
      maxLength: 4,
    }),
  )
  .map(([vias, from, to, callId, contacts, others]) => [...vias, from, to, callId, ...contacts, ...others]);

const message: fc.Arbitrary<Message> = fc
  .tuple(lines, method, uri, fc.nat(0x7fffffff), fc.constantFrom(0, 100, 183, 200, 486), octets(40))
  .map(([pairs, name, target, number, status, body]) => {
    const headers = Headers.from([...pairs, ['CSeq', `${number} ${name}`]]);
    return status === 0 ? new Request(name, target, headers, body) : new Response(status, 'Some Phrase', headers, body);
  });

function accept(text: string): Message {
  const result = parseDatagram(text);
  assert.ok(result.ok, result.ok ? '' : `${result.reason}: ${text}`);
  return result.message;
}

suite('every well-formed message', () => {
  test('keeps everything when it is written and read', () => {
    fc.assert(
      fc.property(message, (original) => {
        const copy = accept(serialize(original));
        assert.equal(copy.isRequest, original.isRequest);
        assert.deepEqual([...copy.headers], [...original.headers, ['Content-Length', String(original.body.length)]]);
        assert.equal(copy.body, original.body);
        assert.equal(serialize(copy), serialize(original));
      }),
    );
  });

  test('means to us what it means to npm sip', () => {
    fc.assert(
      fc.property(message, (original) => {
        const text = serialize(original);
        const ours = accept(text);
        const theirs = sip.parse(text);
        assert.ok(theirs, text);
        if (ours.isRequest) assert.deepEqual([ours.method, ours.uri], [theirs.method, theirs.uri]);
        else assert.deepEqual([ours.status, ours.reason], [theirs.status, theirs.reason]);
        const [top] = theirs.headers.via;
        assert.ok(top);
        assert.deepEqual(
          [ours.via.protocol, ours.via.host, ours.via.port, ours.via.branch],
          [top.protocol, top.host, top.port, top.params['branch']],
        );
        assert.equal(ours.headers.list('Via').length, theirs.headers.via.length);
        for (const [mine, other] of [
          [ours.from, theirs.headers.from],
          [ours.to, theirs.headers.to],
        ] as const) {
          assert.equal(mine.uri, other.uri);
          for (const [name, value] of mine.params)
            assert.equal(mine.params.get(name) === '' ? null : value, other.params[name]);
        }
        assert.equal(ours.callId, theirs.headers['call-id']);
        assert.deepEqual([ours.cseq.number, ours.cseq.method], [theirs.headers.cseq.seq, theirs.headers.cseq.method]);
        assert.equal(ours.contact?.uri, theirs.headers.contact?.[0]?.uri);
        // npm sip takes what follows a Content-Length of 0 for the body; ours is what was written.
        if (ours.body !== '') assert.equal(ours.body, theirs.content);
      }),
    );
  });
});

const fragments = [
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '<',
  '>',
  '\\',
  '=',
  '%00',
  '\0',
  '@',
  '?',
  '\xff',
  'SIP/2.0',
  'Via: ',
  '[',
  ']',
  '2147483648',
];
const edit = fc.tuple(fc.nat(), fc.nat(8), fc.oneof(fc.constantFrom(...fragments), octets(4)));

function mutate(text: string, edits: readonly (readonly [number, number, string])[]): string {
  let mutated = text;
  for (const [at, length, insert] of edits) {
    const start = at % (mutated.length + 1);
    mutated = mutated.slice(0, start) + insert + mutated.slice(start + length);
  }
  return mutated;
}

/** All that the layers above ask of a message that was accepted. */
function useEverything(accepted: Message): void {
  assert.ok(accepted.via.host.length > 0 && accepted.callId.length > 0 && accepted.cseq.number >= 0);
  const asked = [
    accepted.via.received,
    accepted.via.rport,
    accepted.from.tag,
    accepted.to.tag,
    accepted.maxForwards,
    accepted.contentType,
  ];
  assert.equal(asked.length, 6);
  for (const [name] of accepted.headers) accepted.headers.list(name);
  for (const value of accepted.headers.getAll('Reason')) parseReason(value);
  assert.ok(parseNameAddr(`<${accepted.from.uri}>${accepted.from.params.toString()}`));
  const again = accept(serialize(accepted));
  assert.equal(serialize(again), serialize(accepted));
  if (!accepted.isRequest) return;
  const target = parseUri(accepted.uri);
  assert.ok(target);
  assert.ok(!isSipUri(target) || target.headers === undefined);
  assert.equal(accept(serialize(responseTo(accepted, 200, { toTag: 'ours' }))).callId, accepted.callId);
}

suite('any text', () => {
  test('never throws, and what is accepted holds what it promises', () => {
    fc.assert(
      fc.property(message, fc.array(edit, { minLength: 1, maxLength: 4 }), (original, edits) => {
        const text = mutate(serialize(original), edits);
        redact(text);
        const result = parseDatagram(text);
        if (result.ok) useEverything(result.message);
        else if (result.request !== undefined) serialize(responseTo(result.request, result.status, { toTag: 'ours' }));
        const end = text.indexOf('\r\n\r\n');
        if (end >= 0) parseHead(text.slice(0, end), text.slice(end + 4));
      }),
      { numRuns: 3000 },
    );
  });

  // Quadratic work on one of these takes minutes, linear work a millisecond.
  const much = 60_000;
  const start = 'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n';
  for (const [name, text] of Object.entries({
    'blanks in Via': `OPTIONS sip:a@b SIP/2.0\r\nVia:${' '.repeat(much)}x`,
    'blanks behind To': `${start}To: <sip:a@b>${' '.repeat(much)}x`,
    'a token': `${start}Authorization: Digest ${'a'.repeat(much)}`,
    'line breaks': '\r\n'.repeat(much / 2),
    'folded lines': `${start}X: ${'\r\n x'.repeat(much / 4)}`,
    'empty folded lines': `${start}X: y${'\r\n '.repeat(much / 3)}`,
    'leading blanks': ' '.repeat(much),
    'open quotes': `${start}From: ${'"'.repeat(much)}`,
    'open brackets': `${start}From: ${'<'.repeat(much)}`,
    backslashes: `${start}From: "${'\\'.repeat(much)}`,
    parameters: `${start}From: <sip:a@b>${';a'.repeat(much / 2)}`,
    commas: `${start}Contact: ${','.repeat(much)}`,
    colons: `OPTIONS sip:${':'.repeat(much)} SIP/2.0\r\n`,
    slashes: `OPTIONS sip:a@b SIP/2.0\r\nVia: ${'/'.repeat(much)}`,
    'short lines': `${start}${'x\r\n'.repeat(much / 3)}`,
    'control characters': `${start}X: ${'\\\x01'.repeat(much / 2)}`,
  })) {
    test(`${much} octets of ${name} are judged without delay`, () => {
      const result = parseDatagram(`${text}\r\n\r\n`);
      assert.equal(result.ok, false);
      assert.equal(redact(text).length > 0, true);
    });
  }
});
