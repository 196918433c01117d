/** The 49 torture messages of RFC 4475, as npm `sip` ships them, and what we make of each. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import type { Message } from './message.ts';
import { parseDatagram } from './parse.ts';
import { serialize } from './serialize.ts';

const folder = join(dirname(createRequire(import.meta.url).resolve('sip')), 'test', 'messages');
const read = (name: string): string => readFileSync(join(folder, `${name}.dat`)).toString('latin1');

/** Valid, or wrong in what only the application can judge. */
const accepted = [
  ...[
    'badaspec',
    'badbranch',
    'baddate',
    'bcast',
    'bext01',
    'cparam01',
    'cparam02',
    'dblreq',
    'esc01',
    'esc02',
    'escnull',
  ],
  ...[
    'intmeth',
    'inv2543',
    'invut',
    'longreq',
    'lwsdisp',
    'mpart01',
    'noreason',
    'regaut01',
    'regescrt',
    'sdp01',
    'semiuri',
  ],
  ...['transports', 'trws', 'unksm2', 'unreason', 'wsinv', 'zeromf'],
];

/** `answered`: enough was there to send the status back. */
const refused: Record<string, readonly [status: number, answered: boolean]> = {
  badinv01: [400, false],
  // Its Via is of that version as well.
  badvers: [505, false],
  bigcode: [400, false],
  clerr: [400, true],
  escruri: [400, true],
  insuf: [400, false],
  ltgtruri: [400, true],
  lwsruri: [400, true],
  lwsstart: [400, true],
  mcl01: [400, true],
  mismatch01: [400, true],
  mismatch02: [400, true],
  multi01: [400, true],
  ncl: [400, true],
  novelsc: [416, true],
  quotbal: [400, true],
  regbadct: [400, true],
  scalar02: [400, true],
  scalarlg: [400, false],
  unkscm: [416, true],
};

function accept(text: string): Message {
  const result = parseDatagram(text);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.message;
}

suite('RFC 4475', () => {
  for (const name of accepted) {
    test(`${name} is accepted, and says the same after we wrote it`, () => {
      const message = accept(read(name));
      const again = accept(serialize(message));
      assert.equal(serialize(again), serialize(message));
      assert.equal(again.via.branch, message.via.branch);
      assert.equal(again.body, message.body);
      assert.deepEqual([...again.headers.delete('l')], [...message.headers.delete('l')]);
    });
  }

  for (const [name, [status, answered]] of Object.entries(refused)) {
    test(`${name} is refused with ${status}`, () => {
      const result = parseDatagram(read(name));
      assert.ok(!result.ok);
      assert.equal(result.status, status);
      assert.equal(result.request !== undefined, answered);
    });
  }

  test('baddn: the comma in an unquoted name does not hide the tag', () => {
    const message = accept(`${read('baddn').trimEnd()}\r\n\r\n`);
    assert.equal(message.from.tag, '43');
    assert.equal(message.from.displayName, 'Bell, Alexander');
  });

  test('wsinv: folding, blanks and compact forms', () => {
    const message = accept(read('wsinv'));
    assert.equal(message.from.displayName, 'J Rosenberg \\"');
    assert.equal(message.from.tag, '98asjd8');
    assert.equal(message.to.tag, '1918181833n');
    assert.equal(message.maxForwards, 68);
    assert.deepEqual(message.cseq, { number: 9, method: 'INVITE' });
    assert.equal(message.via.branch, '390skdjuw');
    assert.equal(message.headers.list('Via').length, 3);
    assert.equal(message.headers.get('Subject'), '');
    assert.equal(message.headers.get('NewFangledHeader'), 'newfangled value continued newfangled value');
    assert.equal(message.contact?.params.get('secondparam'), '');
    assert.equal(message.contact.params.get('q'), '0.33');
  });

  test('dblreq: what follows the body is not part of it', () => {
    assert.equal(accept(read('dblreq')).body, '');
  });

  test('esc02: a percent sign in a method is a letter like any other', () => {
    const message = accept(read('esc02'));
    assert.ok(message.isRequest);
    assert.equal(message.method, 'RE%47IST%45R');
    assert.equal(message.contact?.uri, 'sip:alias1@host1.example.com');
  });

  test('intmeth: control characters in quoted pairs are allowed', () => {
    assert.equal(accept(read('intmeth')).to.displayName, 'BEL:\x07 NUL:\0 DEL:\x7f');
  });

  test('inv2543: peers of RFC 2543 have no tag and no branch', () => {
    const message = accept(read('inv2543'));
    assert.equal(message.from.tag, undefined);
    assert.equal(message.via.branch, undefined);
  });
});
