import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamFramer, contentLength } from './framing.ts';
import type { BrokenStream } from './framing.ts';

const limits = { maxHeadBytes: 65_536, maxBodyBytes: 262_144 };

function frame(chunks: readonly (string | Buffer)[], bounds = limits) {
  const messages: { head: string; body: string }[] = [];
  const broken: BrokenStream[] = [];
  let pings = 0;
  const framer = new StreamFramer(
    {
      onMessage: (head, body) => messages.push({ head, body }),
      onPing: () => (pings += 1),
      onBroken: (problem) => broken.push(problem),
    },
    bounds,
  );
  for (const chunk of chunks) framer.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
  return { messages, broken, pings, framer };
}

const head = (...lines: string[]) => ['OPTIONS sip:a@b SIP/2.0', ...lines].join('\r\n');
const message = (body: string, name = 'Content-Length') =>
  `${head('Via: x', `${name}: ${body.length}`)}\r\n\r\n${body}`;

test('a message is cut by its Content-Length and what follows begins the next one', () => {
  const { messages } = frame([message('hello') + message('', 'l') + message('you')]);
  assert.deepEqual(
    messages.map(({ body }) => body),
    ['hello', '', 'you'],
  );
  assert.equal(messages[0]?.head, head('Via: x', 'Content-Length: 5'));
});

test('however a stream is split, the same messages and no others come out', () => {
  const bodies = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { minLength: 1, maxLength: 5 });
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bodies, cuts, fc.constantFrom('', '\r\n', '\r\n\r\n'), (texts, sizes, between) => {
      const stream = Buffer.from(texts.map((text) => message(text)).join(between), 'latin1');
      const chunks: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      const { messages, broken, framer } = frame(chunks);
      assert.deepEqual(
        messages.map(({ body }) => body),
        texts,
      );
      assert.deepEqual(broken, []);
      assert.equal(framer.isMidMessage, false);
    }),
  );
});

test('the largest message in chunks of one octet is scanned once', () => {
  const body = 'x'.repeat(200_000);
  const text = `${head(`X-Long: ${'y'.repeat(60_000)}`, `Content-Length: ${body.length}`)}\r\n\r\n${body}`;
  const stream = Buffer.from(text, 'latin1');
  let scanned = 0;
  const indexOf = Buffer.prototype.indexOf as (this: Buffer, ...args: unknown[]) => number;
  Buffer.prototype.indexOf = function (this: Buffer, ...args: unknown[]) {
    scanned += this.length - Number(args[1]);
    return indexOf.apply(this, args);
  };
  try {
    const { messages } = frame(Array.from(stream, (_, at) => stream.subarray(at, at + 1)));
    assert.equal(messages[0]?.body.length, body.length);
  } finally {
    Buffer.prototype.indexOf = indexOf;
  }
  assert.ok(scanned < 5 * stream.length, `${scanned} octets were looked at for ${stream.length}`);
});

const lengths: Record<string, { lines: string[]; is: ReturnType<typeof contentLength> }> = {
  'the plain form': { lines: ['Content-Length: 12'], is: 12 },
  'any case and blanks before the colon': { lines: ['cOnTeNt-LeNgTh \t:12'], is: 12 },
  'the compact form': { lines: ['To: x', 'l: 7'], is: 7 },
  'the compact form in capitals': { lines: ['L:7'], is: 7 },
  'a folded value': { lines: ['Content-Length:', ' 12', 'To: x'], is: 12 },
  'no such header': { lines: ['Content-Type: text/plain', 'c: text/plain', 'Call-ID: 12'], is: 'missing' },
  'a header whose name only begins like it': { lines: ['Content-Length-X: 12', 'Content-Language: 12'], is: 'missing' },
  'a word': { lines: ['Content-Length: abc'], is: 'invalid' },
  'a negative number': { lines: ['Content-Length: -1'], is: 'invalid' },
  nothing: { lines: ['Content-Length: '], is: 'invalid' },
  'a number that no machine counts': { lines: ['Content-Length: 99999999999999999999'], is: 'invalid' },
  'two that agree': { lines: ['Content-Length: 4', 'l: 4'], is: 4 },
  'two that differ': { lines: ['Content-Length: 4', 'l: 5'], is: 'invalid' },
  'a value inside another header': { lines: ['Subject: Content-Length: 9'], is: 'missing' },
};
for (const [name, { lines, is }] of Object.entries(lengths)) {
  test(`Content-Length is read from ${name}`, () => assert.equal(contentLength(head(...lines)), is));
}

test('a stream without Content-Length is broken with 400 and its head, and stays broken', () => {
  const { messages, broken } = frame([`${head('To: x')}\r\n\r\n`, message('later')]);
  assert.deepEqual(broken, [{ status: 400, reason: 'Missing Content-Length', head: head('To: x') }]);
  assert.deepEqual(messages, []);
});

test('a head beyond its limit is broken with 513 before its end is seen', () => {
  const { broken, framer } = frame(['OPTIONS sip:a@b SIP/2.0\r\nX: ', 'y'.repeat(100)], {
    maxHeadBytes: 64,
    maxBodyBytes: 10,
  });
  assert.deepEqual(broken, [{ status: 513, reason: 'Message Too Large', head: '' }]);
  assert.equal(framer.isMidMessage, false);
});

test('a body beyond its limit is broken with 413 before it is held', () => {
  const { broken } = frame([`${head('l: 11')}\r\n\r\n`], { maxHeadBytes: 64, maxBodyBytes: 10 });
  assert.equal(broken[0]?.status, 413);
});

test('a double CRLF between messages is a ping, however it is split', () => {
  assert.equal(frame(['\r\n\r\n']).pings, 1);
  assert.equal(frame(['\r', '\n', '\r', '\n']).pings, 1);
  assert.equal(frame([`${message('a')}\r\n\r\n${message('b')}`]).pings, 1);
});

test('a single CRLF is swallowed and is no ping', () => {
  const { pings, messages } = frame(['\r\n', message('a'), '\r\n', message('b')]);
  assert.equal(pings, 0);
  assert.equal(messages.length, 2);
});

test('many pings in one chunk want one answer', () => {
  assert.equal(frame(['\r\n\r\n'.repeat(5000)]).pings, 1);
});

test('a framer that is stopped while it hands out a message hands out nothing more', () => {
  const bodies: string[] = [];
  const framer: StreamFramer = new StreamFramer(
    {
      onMessage: (_head, body) => {
        bodies.push(body);
        framer.stop();
      },
      onPing: () => assert.fail('nothing follows'),
      onBroken: () => assert.fail('nothing follows'),
    },
    limits,
  );
  framer.push(Buffer.from(message('one') + message('two'), 'latin1'));
  framer.push(Buffer.from(message('three'), 'latin1'));
  assert.deepEqual(bodies, ['one']);
});

test('a framer that is paused keeps what comes, and hands it out in order when it goes on', () => {
  const bodies: string[] = [];
  const framer: StreamFramer = new StreamFramer(
    {
      onMessage: (_head, body) => {
        bodies.push(body);
        if (bodies.length % 2 === 0) framer.pause();
      },
      onPing: () => undefined,
      onBroken: () => assert.fail('the stream is whole'),
    },
    limits,
  );
  const stream = ['1', '2', '3', '4', '5'].map((body) => message(body)).join('\r\n');
  framer.push(Buffer.from(stream.slice(0, -20), 'latin1'));
  framer.push(Buffer.from(stream.slice(-20), 'latin1'));
  assert.deepEqual([bodies, framer.isPaused], [['1', '2'], true]);
  framer.goOn();
  assert.deepEqual([bodies, framer.isPaused], [['1', '2', '3', '4'], true]);
  framer.goOn();
  assert.deepEqual([bodies, framer.isMidMessage], [['1', '2', '3', '4', '5'], false]);
});
