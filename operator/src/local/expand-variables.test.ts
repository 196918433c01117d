import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandVariables } from './expand-variables.ts';

const variables = new Map([
  ['POD_IP', '127.0.0.10'],
  ['POD_NAME', 'sbc-0'],
  ['NESTED', '$(POD_IP)'],
]);

const cases: Record<string, readonly [string, string]> = {
  'a known variable becomes its value': ['--bind-address=$(POD_IP)', '--bind-address=127.0.0.10'],
  'several variables in one argument are all expanded': ['$(POD_NAME)/$(POD_IP)!', 'sbc-0/127.0.0.10!'],
  'an unknown variable stays as it stands': ['$(NODE_NAME)', '$(NODE_NAME)'],
  'a doubled dollar sign is one dollar sign, and hides what follows': ['$$(POD_IP)', '$(POD_IP)'],
  'a dollar sign that opens nothing stays': ['a$b $', 'a$b $'],
  'an expression that is never closed stays': ['$(POD_IP', '$(POD_IP'],
  'a value is not expanded again': ['$(NESTED)', '$(POD_IP)'],
};

for (const [name, [text, expected]] of Object.entries(cases)) {
  test(name, () => assert.equal(expandVariables(text, variables), expected));
}
