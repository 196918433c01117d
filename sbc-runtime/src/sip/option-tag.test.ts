import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from './headers.ts';
import { hasOptionTag } from './option-tag.ts';

test('an option tag is found among others, over several lines, in any case and in the compact form', () => {
  const headers = Headers.from([
    ['Require', 'path'],
    ['Require', 'timer, 100REL'],
    ['k', 'timer,replaces'],
  ]);
  assert.equal(hasOptionTag(headers, 'Require', '100rel'), true);
  assert.equal(hasOptionTag(headers, 'Supported', 'timer'), true);
  assert.equal(hasOptionTag(headers, 'Supported', '100rel'), false);
  assert.equal(hasOptionTag(headers, 'Require', 'rel'), false);
  assert.equal(hasOptionTag(Headers.from([]), 'Require', 'timer'), false);
});
