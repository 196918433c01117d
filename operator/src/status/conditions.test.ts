import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePbxRefusal } from './decode-pbx-refusal.ts';
import { decodeRefusal } from './decode-refusal.ts';
import { sameMeaning } from './same-meaning.ts';
import { upsertConditions } from './upsert-conditions.ts';

const first = Date.UTC(2026, 0, 1);
const later = first + 60_000;
const yes = { status: 'True', reason: 'Ready', message: 'well' } as const;
const no = { status: 'False', reason: 'NotReachable', message: 'gone' } as const;

test('a condition keeps its time while its status stays, whatever it says', () => {
  const before = upsertConditions(undefined, { Ready: yes }, 1, first);
  const after = upsertConditions(before, { Ready: { ...yes, message: 'still well' } }, 2, later);
  assert.deepEqual(after, [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: 'still well',
      observedGeneration: 2,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ]);
  assert.equal(upsertConditions(after, { Ready: no }, 2, later)[0]?.lastTransitionTime, '2026-01-01T00:01:00Z');
});

test('the time of the schema default is none', () => {
  const byDefault = [
    {
      type: 'Ready',
      status: 'Unknown' as const,
      reason: 'Pending',
      message: '',
      lastTransitionTime: '1970-01-01T00:00:00Z',
    },
  ];
  const unknown = { status: 'Unknown', reason: 'Pending', message: 'soon' } as const;
  assert.equal(
    upsertConditions(byDefault, { Ready: unknown }, 1, first)[0]?.lastTransitionTime,
    '2026-01-01T00:00:00Z',
  );
});

test('a message never breaks the limit of the API server', () => {
  const [condition] = upsertConditions(undefined, { Ready: { ...no, message: 'x'.repeat(100_000) } }, 1, first);
  assert.ok((condition?.message.length ?? Infinity) <= 4096);
});

test('two statuses say the same where only times and the order of keys differ', () => {
  const one = {
    conditions: [{ type: 'Ready', lastTransitionTime: 'a' }],
    peers: [{ name: 'a', heldUntil: 'x' }],
    at: 1,
  };
  const two = {
    peers: [{ heldUntil: 'y', name: 'a' }],
    at: 2,
    conditions: [{ lastTransitionTime: 'b', type: 'Ready' }],
  };
  assert.ok(sameMeaning(one, two));
  assert.ok(!sameMeaning(one, { ...two, peers: [{ name: 'a' }] }));
  assert.ok(!sameMeaning(one, { ...two, more: 1 }));
  assert.ok(sameMeaning(one, { ...two, more: undefined }));
});

test('same meaning is what JSON sees', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      const withTimes = /"(at|heldUntil|lastTransitionTime)"/.test(JSON.stringify([left, right]));
      fc.pre(!withTimes);
      assert.ok(sameMeaning(left, JSON.parse(JSON.stringify(left))));
      assert.equal(sameMeaning(left, right), sameMeaning(right, left));
    }),
  );
});

const refusals: Record<string, readonly [number, string | undefined, RegExp]> = {
  'a code of Microsoft': [
    403,
    'Q.850;cause=63;text="9810e5a9-4142-4142-8000-000000000000;510532"',
    /no tenant knows a gateway/,
  ],
  'words of Microsoft': [480, 'Q.850;cause=31;text="guid;No callee endpoints were found."', /signed in nowhere/],
  'the words win over the status': [
    403,
    'text="Current call site state prevents fork to this entity."',
    /location-based routing/,
  ],
  'a code that the SBC itself had given': [500, 'text="560486"', /486 came from behind this SBC/],
  'the status alone': [403, undefined, /domain is not verified/],
  'a status that nobody documents': [418, 'I am a teapot', /refused the request/],
  'a group of a GUID is no code': [488, 'text="1106-1106-1106"', /no codec/],
  'five hundred': [599, undefined, /an error inside/],
  'six hundred': [603, undefined, /does not want the call/],
};

for (const [name, [status, reason, meaning]] of Object.entries(refusals)) {
  test(`a refusal of Microsoft is told by ${name}`, () => {
    const decoded = decodeRefusal({ status, reason });
    assert.match(decoded.meaning, meaning);
    assert.ok(decoded.remedy.length > 0);
  });
}

test('every refusal has words, whatever it holds, and quickly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 699 }), fc.string({ maxLength: 1024 }), (status, reason) => {
      assert.ok(decodeRefusal({ status, reason }).meaning.length > 0);
      assert.ok(decodePbxRefusal(status).remedy.length > 0);
    }),
  );
});
