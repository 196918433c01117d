import { conditions, type KindCases } from './kind-cases.ts';

const rule = { name: 'national', pattern: '0([1-9].{3,12})', replacement: '+49$1' };
const minimal = { sbcRef: { name: 'sbc' }, rules: [rule] };

export const numberPolicyCases: KindCases = {
  kind: 'NumberPolicy',
  minimal,
  filledIn: { ...minimal, noMatch: 'Pass' },
  accepted: [
    { what: 'every field of a policy', change: { country: 'DE', noMatch: 'Reject' } },
    { what: 'a rule that leaves nothing', change: { 'rules.0.replacement': '' } },
  ],
  refused: [
    {
      what: 'two rules of one name',
      change: { rules: [rule, rule] },
      at: 'spec.rules[1]',
      says: 'Duplicate value: {"name":"national"}',
    },
  ],
  shown: {
    status: { conditions: conditions('NumberPolicy') },
    header: 'NAME SBC FIRST RULE NOMATCH READY',
    row: 'shown sbc national Pass True',
  },
};
