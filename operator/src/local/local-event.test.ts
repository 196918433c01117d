import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { callsText } from './calls-text.ts';
import type { LocalEvent } from './local-event.ts';
import { eventJson, eventText } from './local-event.ts';
import { readyAddresses } from './ready-addresses.ts';
import { statusText } from './status-text.ts';

const instance = anInstance({
  network: { addresses: [{ address: '127.0.0.10' }] },
  media: { portRange: { start: 30000, end: 32999 } },
});
const exited = {
  event: 'exited',
  pod: 'sbc-0',
  container: 'runtime',
  pid: 7,
  how: 'code 1',
  lastLine: 'Cannot bind',
  log: '/tmp/runtime.log',
} as const;

const cases: Record<string, readonly [LocalEvent, string]> = {
  'a runtime that is ready names its sockets': [
    {
      event: 'ready',
      pod: 'sbc-0',
      container: 'runtime',
      pid: 1234,
      addresses: readyAddresses('runtime', instance, instance.spec.listeners, '127.0.0.10'),
    },
    'ready sbc-0/runtime pid 1234 TLS 127.0.0.10:5061 UDP 127.0.0.10:5060 http 127.0.0.10:8080',
  ],
  'an RTPEngine that is ready names its control and its media ports': [
    {
      event: 'ready',
      pod: 'sbc-0',
      container: 'rtpengine',
      pid: 1235,
      addresses: readyAddresses('rtpengine', instance, instance.spec.listeners, '127.0.0.10'),
    },
    'ready sbc-0/rtpengine pid 1235 ng 127.0.0.10:2223 rtp 127.0.0.10:30000-32999',
  ],
  'a document that runs is named by its hash': [
    { event: 'applied', pod: 'sbc-0', hash: 'sha256:ab' },
    'applied sha256:ab to sbc-0',
  ],
  'a container that died says why, where more stands and when it is back': [
    { ...exited, restartInMs: 2_000 },
    'exited sbc-0/runtime pid 7 code 1, starts again in 2 s: Cannot bind (log /tmp/runtime.log)',
  ],
  'the first restart is at once': [
    { ...exited, restartInMs: 0 },
    'exited sbc-0/runtime pid 7 code 1, starts again at once: Cannot bind (log /tmp/runtime.log)',
  ],
  'a refusal says that the last good state serves on': [
    { event: 'refused', problems: ['a.yaml:1: no'] },
    'a.yaml:1: no\nrefused: the last good state keeps serving',
  ],
  'fields that wait are named': [
    { event: 'pending', pod: 'sbc-0', fields: ['spec.media.portRange'] },
    'pending sbc-0: spec.media.portRange takes effect at the next start',
  ],
};

for (const [name, [event, expected]] of Object.entries(cases)) {
  test(name, () => assert.equal(eventText(event), expected));
}

test('every event is one line of JSON', () => {
  for (const [event] of Object.values(cases)) {
    assert.equal(eventJson(event).includes('\n'), false);
    assert.deepEqual(JSON.parse(eventJson(event)), event);
  }
});

test('a status names the document, the targets and the certificates', () => {
  const text = statusText({
    version: '0.1.0',
    pod: 'sbc-0',
    hash: `sha256:${'a'.repeat(64)}`,
    advertised: { fqdn: 'sbc-0.voice.example.com', mediaAddress: '203.0.113.7' },
    draining: false,
    calls: { active: 3 },
    trunks: [
      { name: 'teams', targets: [{ host: 'sip.pstnhub.microsoft.com', port: 5061, state: 'Up', lastStatus: 200 }] },
    ],
    certificates: [
      { name: 'old', notAfter: '2027-01-01T00:00:00Z', names: ['*.voice.example.com'] },
      {
        name: 'sbc-tls',
        notAfter: '2027-01-01T00:00:00Z',
        daysLeft: 12,
        names: ['*.voice.example.com'],
        keyUsages: ['serverAuth'],
        findings: [
          { code: 'expires-soon', severity: 'warning', message: 'expires in 12 days, on 2027-01-01: renew it' },
        ],
      },
    ],
  });
  assert.equal(
    text,
    `sbc-0  runtime 0.1.0  serving  3 calls
  state sha256:${'a'.repeat(64)}
  known to Teams as sbc-0.voice.example.com, media at 203.0.113.7
  trunk teams
    sip.pstnhub.microsoft.com:5061  Up, last 200
  certificate old until 2027-01-01T00:00:00Z for *.voice.example.com
  certificate sbc-tls until 2027-01-01T00:00:00Z (12 days left) for *.voice.example.com, to be used as serverAuth
    warning: it expires in 12 days, on 2027-01-01: renew it`,
  );
});

test('calls are one line each', () => {
  const call = {
    id: 'c1',
    fromTrunk: 'teams',
    toTrunk: 'pbx',
    caller: '+49301',
    called: '+49302',
    startedAtMs: 0,
    answeredAtMs: 1_000,
    endedAtMs: 3_500,
  };
  const end = { result: 'success', reason: 'normal-clearing', by: 'caller' };
  assert.equal(
    callsText(JSON.stringify([{ ...call, end }])),
    'c1  1970-01-01T00:00:00.000Z  +49301 on teams → +49302 on pbx  success, normal-clearing by caller  2.5 s',
  );
});

test('an answer about calls that is no list is shown as it is', () => {
  assert.equal(callsText('something else\n'), 'something else');
});
