import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ladder as ladderInSlices } from './ladder.ts';
import type { LadderParams, MessageReading } from './ladder.ts';
import type { TracedMessage } from './trace-ring.ts';

const START = Date.UTC(2026, 0, 1);
const message = (afterMs: number, from: string, to: string, text: string): TracedMessage => ({
  atMs: START + afterMs,
  from,
  to,

  text,
});

const readings: Record<string, MessageReading> = {
  INVITE: {
    title: 'INVITE',
    media: { profile: 'RTP/SAVP', codecs: ['PCMA', 'telephone-event'], direction: 'sendrecv' },
  },
  BYE: { title: 'BYE', reason: 'Q.850;cause=16' },
};
const params: LadderParams = {
  participants: ['teams', 'sbc', 'pbx'],
  read: (text) => readings[text] ?? { title: text },
  redact: (text) => text.replaceAll('secret', '***'),
};

const slices = (messages: readonly TracedMessage[], over: LadderParams): [string, number] => {
  const work = ladderInSlices(messages, over);
  for (let count = 1; ; count += 1) {
    const step = work.next();
    if (step.done === true) return [step.value, count];
  }
};
const ladder = (messages: readonly TracedMessage[], over: LadderParams): string => slices(messages, over)[0];

describe('A ladder', () => {
  it('reads from top to bottom, with who, when, what and the facts', () => {
    const messages = [
      message(0, 'teams', 'sbc', 'INVITE'),
      message(3, 'sbc', 'pbx', 'INVITE'),
      message(1250, 'pbx', 'sbc', '200 OK (INVITE)'),
      message(61_000, 'pbx', 'teams', 'BYE'),
    ];
    assert.equal(
      ladder(messages, params),
      `Starts 2026-01-01T00:00:00.000Z

time        teams                       sbc                         pbx
+0.000      |--------- INVITE --------->|                           |  RTP/SAVP: PCMA telephone-event, sendrecv
+0.003      |                           |--------- INVITE --------->|  RTP/SAVP: PCMA telephone-event, sendrecv
+1.250      |                           |<---- 200 OK (INVITE) -----|
+61.000     |<------------------------ BYE -------------------------|  Reason: Q.850;cause=16
`,
    );
  });

  it('is empty without messages', () => {
    assert.equal(ladder([], params), '');
  });

  it('gives a participant that nobody named a column of its own', () => {
    const text = ladder([message(0, '192.0.2.9', 'sbc', 'OPTIONS')], params);
    assert.match(text, /^time +teams +sbc +pbx +192\.0\.2\.9$/m);
  });

  it('puts further participants into the last column where there are too many', () => {
    const messages = Array.from({ length: 20 }, (_, index) => message(index, `peer-${index}`, 'sbc', 'OPTIONS'));
    const lines = ladder(messages, params).trimEnd().split('\n');
    assert.equal(lines.length, 23);
    assert.ok(lines.every((line) => line.length <= 12 + 8 * 28));
  });

  it('names a message between one and the same column beside it', () => {
    assert.match(ladder([message(0, 'sbc', 'sbc', 'OPTIONS')], params), /\|  OPTIONS$/m);
  });

  it('shows each message in full where asked to, and its secrets never', () => {
    const text = ladder([message(5, 'teams', 'sbc', 'INVITE sip:x\r\na=crypto:secret\r\n')], {
      ...params,
      withMessages: true,
    });
    assert.ok(text.endsWith('\n+0.000  teams -> sbc\n    INVITE sip:x\n    a=crypto:***\n'));
  });

  it('lets no control character of a peer reach the terminal', () => {
    const evil = '\u001b[2JINVITE\u0007\u009b';
    const text = ladder([message(0, evil, 'sbc', evil)], { ...params, withMessages: true });
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('says how many more messages there are', () => {
    assert.match(ladder([message(0, 'teams', 'sbc', 'INFO')], { ...params, more: 3 }), /and 3 messages more\n$/);
  });

  it('is drawn in slices of 64 KiB, or of one message that is longer', () => {
    const of = (length: number, count: number) =>
      Array.from({ length: count }, (_, index) => message(index, 'teams', 'sbc', 'x'.repeat(length)));
    const counted = (messages: readonly TracedMessage[], withMessages: boolean) =>
      slices(messages, { ...params, withMessages })[1];
    assert.equal(counted(of(1000, 65), false), 1);
    assert.equal(counted(of(1000, 66), false), 2);
    assert.equal(counted(of(65_000, 10), false), 10);
    assert.equal(counted(of(65_000, 10), true), 19);
  });

  it('shortens what is too long for its arrow or its list', () => {
    const codecs = Array.from({ length: 20 }, (_, index) => `C${index}`);
    const read = () => ({ title: 'X'.repeat(100), media: { profile: 'RTP/AVP', codecs, direction: 'inactive' } });
    const rung = ladder([message(0, 'teams', 'sbc', '')], { ...params, read }).split('\n')[3] ?? '';
    assert.match(rung, /^\+0\.000 {6}\|-+ X{15,25} -*>\| +\|  RTP\/AVP: C0 C1 C2 C3 C4 C5 C6 C7 …, inactive$/);
  });
});
