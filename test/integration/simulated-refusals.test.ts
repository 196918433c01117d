/** What the simulated Microsoft refuses, and in which words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readScript } from '../teams-simulator/script/script.ts';
import { readTenants } from '../teams-simulator/settings.ts';
import { Framer, rawValue } from '../teams-simulator/wire.ts';
import { LITTLE_FQDN, littleRequest, littleStage, SRTP, type LittleRequest } from './simulated-little-sbc.ts';

const CONTOSO = `
tenants:
  - name: contoso
    domains: [example.com]
    users:
      +4989111111: answers
      '+4989111112': offline
      '+4989111113': busy
      '+4989111114': {rings: [180, 180, 183], answersAfterMs: 0, fork: New}
`;
const tenants = readTenants(CONTOSO);
const elsewhere = readTenants('{"tenants": [{"name": "fabrikam", "domains": ["fabrikam.com"]}]}');
const callee = (number: string) => ({ uri: `sip:${number}@sip.pstnhub.microsoft.com:5061;user=phone` });

for (const [what, request, status, reason] of [
  ['without an offer', { body: '' }, 488, /without an offer/],
  ['with plain RTP', { body: SRTP.replace('RTP/SAVP', 'RTP/AVP') }, 488, /SrtpEncryptionRequired/],
  ['with SRTP and no key', { body: SRTP.replace(/a=crypto.*\r\n/, '') }, 488, /SrtpEncryptionRequired/],
  ['with a payload type twice', { body: SRTP.replace('8 97', '8 97 8') }, 488, /CannotSupportAnyMedia/],
  ['with two meanings of one type', { body: `${SRTP}a=rtpmap:97 opus/48000/2\r\n` }, 488, /CannotSupportAnyMedia/],
  ['with sendonly', { body: `${SRTP}a=sendonly\r\n` }, 488, /a=sendonly/],
  ['with c=0.0.0.0', { body: SRTP.replace('c=IN IP4 192.0.2.1', 'c=IN IP4 0.0.0.0') }, 488, /c=0\.0\.0\.0/],
  ['with a description that is none', { body: 'v=0\r\n' }, 410, /SdpParsingFailure/],
  ['with Replaces', { body: SRTP, lines: ['Replaces: a;to-tag=b;from-tag=c'] }, 403, /Replaces/],
  ['to nobody', { body: SRTP, ...callee('+4989999') }, 404, /not found/],
  ['to a number named like a property', { body: SRTP, ...callee('toString') }, 404, /not found/],
  ['to a user without a phone', { body: SRTP, ...callee('+4989111112') }, 480, /;No callee endpoints were found\./],
  ['to a busy user', { body: SRTP, ...callee('+4989111113') }, 486, /User busy/],
] as const satisfies readonly (readonly [string, LittleRequest, number, RegExp])[]) {
  test(`an INVITE ${what} is refused with ${status}`, async (t) => {
    const { little, say } = await littleStage(t, { tenants });
    say(littleRequest('INVITE', request));
    const { text, message } = await little.hears(status);
    assert.match(rawValue(text, 'reason') ?? '', /^Q\.850;cause=\d+;text="/);
    assert.match(rawValue(text, 'reason') ?? '', reason);
    assert.ok(message.headers.to.params['tag']);
  });
}

test('a trunk that no tenant knows is refused, one whose domain is known is not', async (t) => {
  for (const [known, status] of [
    [elsewhere, 403],
    [tenants, 200],
  ] as const) {
    const { simulator, little, say } = await littleStage(t, { tenants: known });
    say(littleRequest('OPTIONS'));
    const { text } = await little.hears(status);
    if (status === 200) continue;
    assert.match(rawValue(text, 'reason') ?? '', /No trunk config was found/);
    assert.match(simulator.log.notes.find(({ kind }) => kind === 'refused')?.detail ?? '', /510532\/403/);
  }
});

test('a start line of another version is answered 504 with what is wrong', async (t) => {
  const { little, say } = await littleStage(t);
  say(littleRequest('OPTIONS', { version: '3.0' }));
  const { text } = await little.hears(504);
  assert.match(rawValue(text, 'reason') ?? '', /Invalid Request\/Response line/);
});

for (const [what, text, complaint] of [
  [
    'a header of more than 8 KiB',
    `OPTIONS sip:a SIP/2.0\r\nX: ${'a '.repeat(5000)}\r\n\r\n`,
    /a header of more than 8192/,
  ],
  ['a head without an end', 'x'.repeat(70_000), /more than 65536 octets without an empty line/],
  [
    'more header lines than anybody writes',
    `OPTIONS sip:a SIP/2.0${'\r\nA: b'.repeat(600)}\r\n\r\n`,
    /500 header lines/,
  ],
  ['a message without its length', 'OPTIONS sip:a SIP/2.0\r\nA: b\r\n\r\n', /without Content-Length/],
  ['a body of 9 MB', 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 9000000\r\n\r\n', /a body of 9000000 octets/],
] as const) {
  test(`${what} ends the connection`, () => {
    assert.throws(() => new Framer().push(text), complaint);
  });
}

test('a message in single octets is read as one', () => {
  const framer = new Framer();
  const text = littleRequest('OPTIONS', { body: SRTP });
  assert.deepEqual(
    Array.from(`\r\n${text}${text}`).flatMap((octet) => framer.push(octet)),
    [text, text],
  );
});

const answered = async (t: Parameters<typeof littleStage>[0], options: Parameters<typeof littleStage>[1] = {}) => {
  const stage = await littleStage(t, options);
  stage.say(littleRequest('INVITE', { body: SRTP }));
  const { message, text } = await stage.little.hears(
    200,
    ({ message: heard }) => heard.headers.cseq.method === 'INVITE',
  );
  const inDialog = { to: rawValue(text, 'to') ?? '', uri: message.headers.contact?.[0]?.uri ?? '' };
  return { ...stage, inDialog };
};

test('a re-INVITE that changes rtcp-mux is refused in the words that were captured', async (t) => {
  const { little, say, inDialog } = await answered(t);
  say(littleRequest('ACK', inDialog));
  say(littleRequest('INVITE', { ...inDialog, sequence: 2, body: SRTP.replace('a=rtcp-mux\r\n', '') }));
  const { text } = await little.hears(488);
  assert.match(rawValue(text, 'reason') ?? '', /CannotChangeRtcpMultiplexing, InternalErrorPhrase: Cannot change RTCP/);
});

test('a number of the settings answers, with its + and without quotes', async (t) => {
  const { little, say } = await littleStage(t, { tenants });
  say(littleRequest('INVITE', { body: SRTP }));
  assert.equal((await little.hears(200)).message.headers.cseq.method, 'INVITE');
});

test('a re-INVITE without an offer gets one that is inactive, as Microsoft does', async (t) => {
  const { little, say, inDialog } = await answered(t);
  say(littleRequest('ACK', inDialog));
  say(littleRequest('INVITE', { ...inDialog, sequence: 2 }));
  const { message } = await little.hears(200, ({ message: heard }) => heard.headers.cseq.seq === 2);
  assert.match(message.content ?? '', /a=inactive/);
});

test('a 200 without ACK comes again, then Microsoft hangs up and says why', async (t) => {
  // Time enough for many more: where the test itself is late, the deadline comes before repetitions that were due.
  const { little } = await answered(t, { ackTimers: { t1Ms: 20, ackTimeoutMs: 1500 } });
  const { text } = await little.hears('BYE');
  assert.match(rawValue(text, 'reason') ?? '', /1106\/408/);
  const oks = little.heard.filter(({ message }) => message.status === 200 && message.headers.cseq.method === 'INVITE');
  assert.ok(oks.length >= 3, `${oks.length} times`);
});

test('several devices ring with tags of their own, and one that was silent answers', async (t) => {
  const { little, say } = await littleStage(t, { tenants });
  say(littleRequest('INVITE', { body: SRTP, ...callee('+4989111114') }));
  const { message } = await little.hears(200);
  const provisional = little.heard.filter(({ message: heard }) => (heard.status ?? 0) > 100 && heard.status !== 200);
  assert.deepEqual(
    provisional.map(({ message: heard }) => heard.status),
    [180, 180, 183],
  );
  const tags = [...provisional.map(({ message: heard }) => heard), message].map(
    (heard) => heard.headers.to.params['tag'],
  );
  assert.equal(new Set(tags).size, 4);
});

test('a tenant that forwards identity and history puts both into its calls', async (t) => {
  const [tenant] = readTenants(CONTOSO);
  const forwarding = { ...tenant!, forwardPai: true, forwardCallHistory: true };
  const { simulator, little } = await littleStage(t, { tenants: [forwarding] });
  await simulator.call({ sbc: `${LITTLE_FQDN}:5061`, to: '+493055555', from: '+18338006777' });
  const { text } = await little.hears('INVITE');
  assert.equal(rawValue(text, 'p-asserted-identity'), '<tel:+18338006777>,<sip:megan@contoso.com>');
  assert.equal(rawValue(text, 'privacy'), 'id');
  assert.match(rawValue(text, 'history-info') ?? '', /\?Reason=SIP%3Bcause%3D302.*;index=1,.*;index=1\.1$/);
  assert.match(text, /\r\nMIN-SE: 300\r\n[^]*\r\nSESSION-EXPIRES: 3600\r\n/);
  assert.match(
    rawValue(text, 'record-route') ?? '',
    /^<sip:sip-du-a-sip\.pstnhub\.microsoft\.com:5061;transport=tls;lr>$/,
  );
});

test('the examples of the guide can be read', () => {
  const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'teams-simulator.md'), 'utf8');
  const [settings = '', script = ''] = [...guide.matchAll(/^```yaml\n([^]*?)^```$/gm)].map((match) => match[1] ?? '');
  assert.equal(Object.keys(readTenants(settings)[0]?.users ?? {}).length, 3);
  assert.equal(readScript(script).steps.length, 10);
});

for (const [text, complaint] of [
  ['tenants: []', /tenants: not a list with entries/],
  ['tenants: [{name: a, domain: b}]', /tenants\[0\]: domain is none of name, domains/],
  ['tenants: [{name: a, domains: [b], users: {"+49": sleeps}}]', /users\.\+49: sleeps is none of answers/],
  ['tenants: [{name: a, domains: [b], users: {"+49": {refuses: 99}}}]', /refuses: not a number from 300 to 699/],
] as const) {
  test(`settings are refused with the place: ${text}`, () => {
    assert.throws(() => readTenants(text), complaint);
  });
}
