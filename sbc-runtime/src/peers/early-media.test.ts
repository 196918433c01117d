import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shapeProvisional } from './early-media.ts';

const ringing = { status: 180, sdp: undefined };
const progress = { status: 183, sdp: 'v=0' };

test('Pass lets every 18x through as it is', () => {
  assert.deepEqual(shapeProvisional('Pass', true, progress), progress);
  assert.deepEqual(shapeProvisional('Pass', false, ringing), ringing);
});

test('FirstOnly keeps the first 18x and drops what follows', () => {
  assert.deepEqual(shapeProvisional('FirstOnly', false, progress), progress);
  assert.equal(shapeProvisional('FirstOnly', true, progress), undefined);
});

test('Strip turns early media into plain ringing', () => {
  assert.deepEqual(shapeProvisional('Strip', false, progress), ringing);
  assert.deepEqual(shapeProvisional('Strip', true, { status: 181, sdp: undefined }), { status: 181, sdp: undefined });
});
