import { conditions, type KindCases } from './kind-cases.ts';

const destination = { kind: 'PbxTrunk', name: 'pbx' };
const minimal = { sbcRef: { name: 'sbc' }, destinations: [destination] };
const oneKindOfMatch = 'an entry is either exact, prefix or pattern: write one entry for each of them';
const reject = { action: 'Reject', destinations: undefined };

export const callRouteCases: KindCases = {
  kind: 'CallRoute',
  minimal,
  filledIn: {
    ...minimal,
    priority: 100,
    match: {},
    action: 'Route',
    destinations: [{ ...destination, priority: 0, weight: 100 }],
    failover: { statusCodes: [408, 500, 502, 503, 504] },
  },
  accepted: [
    {
      what: 'every field of a route',
      change: {
        priority: 0,
        match: {
          from: { kind: 'TeamsTrunk', name: 'teams' },
          calledNumbers: [{ exact: '112' }, { prefix: '+4930' }, { pattern: '+49(30|40).{4,10}' }],
          callingNumbers: [{ exact: 'anonymous' }, { prefix: '+49' }, { pattern: '[0-9]{3}' }],
        },
        translate: { called: { policyRef: { name: 'to-pbx' } }, calling: { policyRef: { name: 'to-e164' } } },
        destinations: [
          { ...destination, priority: 1, weight: 1000 },
          { kind: 'TeamsTrunk', name: 'teams', weight: 1 },
        ],
        failover: { statusCodes: [404, 606] },
      },
    },
    {
      what: 'a call that is refused',
      change: { ...reject, reject: { statusCode: 603, reasonPhrase: 'Declined here' } },
    },
    { what: 'no failover by status', change: { failover: { statusCodes: [] } } },
  ],
  refused: [
    {
      what: 'a route to nowhere',
      change: { destinations: [] },
      at: 'spec.destinations',
      says: 'a route without destinations leads nowhere: add one, or set action to Reject and reject.statusCode',
    },
    {
      what: 'a refusal with destinations',
      change: { action: 'Reject', reject: { statusCode: 403 } },
      at: 'spec.destinations',
      says: 'a call that is refused goes nowhere: remove destinations, or set action to Route',
    },
    {
      what: 'a refusal without a code',
      change: reject,
      at: 'spec.reject',
      says: 'reject belongs to action Reject: set both, such as reject.statusCode 403, or remove both',
    },
    {
      what: 'a called number matched in two ways',
      change: { 'match.calledNumbers': [{ exact: '112', prefix: '1' }] },
      at: 'spec.match.calledNumbers[0]',
      says: oneKindOfMatch,
    },
    {
      what: 'a calling number matched in no way',
      change: { 'match.callingNumbers': [{}] },
      at: 'spec.match.callingNumbers[0]',
      says: oneKindOfMatch,
    },
    {
      what: 'one status code twice',
      change: { 'failover.statusCodes': [503, 503] },
      at: 'spec.failover.statusCodes',
      says: 'two entries have the same value: remove one of them',
    },
    {
      what: 'failover after a person has declined',
      change: { 'failover.statusCodes': [603] },
      at: 'spec.failover.statusCodes[0]',
      says: 'with 603 a person declines the call, so nobody else may ring: remove 603 from the list',
    },
    {
      what: 'a refusal that asks for a password',
      change: { ...reject, reject: { statusCode: 407 } },
      at: 'spec.reject.statusCode',
      says: '401 and 407 ask the caller for a password: use 403 to refuse a call',
    },
  ],
  shown: {
    status: { conditions: conditions('CallRoute') },
    header: 'NAME SBC PRIORITY FROM ACTION FIRST TO READY',
    row: 'shown sbc 100 Route pbx True',
  },
};
