/** REFER and Replaces of the simulated Microsoft, and what it says of SBCs that carry them out well and badly. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { examine, type Finding } from '../teams-simulator/requirements/examine.ts';
import { runScript } from '../teams-simulator/script/script-run.ts';
import { readScript } from '../teams-simulator/script/script.ts';
import { rawValue } from '../teams-simulator/wire.ts';
import { LITTLE_FQDN, littleRequest, littleStage, SRTP, type Heard, type LittleSbc } from './simulated-little-sbc.ts';

type Stage = Awaited<ReturnType<typeof littleStage>>;

const verdicts = ({ simulator }: Stage, laterMs = 0) => {
  const hosts = simulator.dataCentres.map(({ host }) => host);
  return new Map<string, Finding>(
    examine(simulator.log, hosts, simulator.log.nowMs + laterMs).map((finding) => [finding.id, finding]),
  );
};

interface Habits {
  /** What becomes of the target and of the referrer. */
  readonly copy?: (text: string) => string;
  /** Status lines that NOTIFY tells, in order. */
  readonly tells?: readonly string[];
  readonly event?: string;
}

/** Takes REFER as Microsoft wants it, but for its habits. */
function transfers(stage: Stage, { copy = (text) => text, tells = [], event = 'refer' }: Habits = {}) {
  const { say, little } = stage;
  little.acknowledges = true;
  little.onRequest = (heard: Heard, sbc: LittleSbc) => {
    if (heard.message.method !== 'REFER') {
      sbc.answer(heard, 200);
      return;
    }
    sbc.answer(heard, 202);
    const { message, text } = heard;
    const dialog = {
      callId: message.headers['call-id'],
      uri: message.headers.contact?.[0]?.uri ?? '',
      to: rawValue(text, 'from') ?? '',
    };
    for (const [at, line] of tells.entries()) {
      const state = /SIP\/2.0 [2-6]/.test(line) ? 'terminated;reason=noresource' : 'active';
      const lines = [`Event: ${event}`, `Subscription-State: ${state}`];
      const notify = littleRequest('NOTIFY', { ...dialog, sequence: at + 1, lines, body: `${line}\r\n` });
      say(notify.replace('application/sdp', 'message/sipfrag;version=2.0'));
    }
    const target = (rawValue(text, 'refer-to') ?? '').slice(1, -1);
    const lines = [`Referred-By: ${copy(rawValue(text, 'referred-by') ?? '')}`];
    say(littleRequest('INVITE', { callId: 'transfer', uri: copy(target), lines, body: SRTP }));
  };
}

async function talking(stage: Stage) {
  const call = await stage.simulator.call({ sbc: `${LITTLE_FQDN}:5061`, to: '+493055555' });
  await call.answered;
  return call;
}

const WELL = ['SIP/2.0 100 Trying', 'SIP/2.0 180 Ringing', 'SIP/2.0 200 OK'];

test('REFER is 202, its INVITE comes back byte for byte, NOTIFY tells, and Teams hangs up', async (t) => {
  const stage = await littleStage(t);
  transfers(stage, { tells: WELL });
  const call = await talking(stage);
  const transfer = call.refer({ from: 'sip2', size: 2000 });
  assert.equal(await transfer.accepted, 202);
  assert.equal((await transfer.invited).callId, 'transfer');
  assert.equal(await transfer.reported, 200);
  await stage.little.hears('BYE');
  assert.deepEqual(transfer.faults, []);
  const found = verdicts(stage);
  for (const id of ['R-02', 'R-03', 'R-04', 'R-06', 'R-11']) assert.equal(found.get(id)?.verdict, 'kept', id);
  const { text } = await stage.little.hears('REFER');
  assert.match(rawValue(text, 'refer-to') ?? '', /^<sip:sip\.pstnhub\.microsoft\.com:5061;transport=tls;x-m=8:orgid:/);
  assert.ok((rawValue(text, 'referred-by') ?? '').length >= 2000);
});

test('a transfer to a number names it in the target', async (t) => {
  const stage = await littleStage(t);
  transfers(stage);
  const transfer = (await talking(stage)).refer({ number: '+4930777', byeAfterMs: 10 });
  assert.equal((await transfer.invited).invite.uri, 'sip:+4930777@sip.pstnhub.microsoft.com:5061;transport=tls');
  await stage.little.hears('BYE');
  assert.equal(transfer.isReported, false, 'Teams has not waited for the report');
});

test('an INVITE that changes a letter of Referred-By is refused with 400, and R-03 is broken', async (t) => {
  const stage = await littleStage(t);
  transfers(stage, { copy: (text) => text.toLowerCase(), tells: WELL });
  (await talking(stage)).refer();
  const { text } = await stage.little.hears(400);
  assert.match(rawValue(text, 'reason') ?? '', /not the one that REFER asked for/);
  assert.deepEqual(
    [verdicts(stage).get('R-03')?.verdict, verdicts(stage).get('R-03')?.why],
    ['broken', 'Referred-By is not the same'],
  );
});

for (const [what, habits, fault] of [
  ['without a first 100', { tells: WELL.slice(1) }, undefined],
  ['backwards', { tells: ['SIP/2.0 180 Ringing', 'SIP/2.0 100 Trying', 'SIP/2.0 200 OK'] }, /100 Trying after/],
  ['after the last', { tells: ['SIP/2.0 100 Trying', 'SIP/2.0 200 OK', 'SIP/2.0 200 OK'] }, /a NOTIFY after the last/],
  ['without a status line', { tells: ['100 Trying', 'SIP/2.0 200 OK'] }, /no status line: 100 Trying/],
  ['of another event', { tells: WELL, event: 'presence' }, /Event is presence/],
] as const satisfies readonly (readonly [string, Habits, RegExp | undefined])[]) {
  test(`NOTIFY ${what} is noticed`, async (t) => {
    const stage = await littleStage(t);
    transfers(stage, habits);
    const transfer = (await talking(stage)).refer();
    assert.equal(await transfer.reported, 200);
    await stage.little.hears('BYE');
    if (fault) assert.match(transfer.faults.join('\n'), fault);
    assert.equal(verdicts(stage).get('R-02')?.verdict, 'broken');
  });
}

test('INVITE with Replaces names the dialog from the view of the SBC', async (t) => {
  const stage = await littleStage(t);
  const old = await talking(stage);
  const call = await stage.simulator.call({ sbc: `${LITTLE_FQDN}:5061`, to: '+493055555', replaces: old });
  await call.answered;
  const { text } = await stage.little.hears('INVITE', ({ text: heard }) => rawValue(heard, 'replaces') !== undefined);
  const tag = old.invite.headers.from.params['tag'];
  assert.equal(rawValue(text, 'replaces'), `${old.callId};to-tag=sbc;from-tag=${tag}`);
  assert.equal(verdicts(stage).get('R-12')?.verdict, 'not seen', 'there is still time for the BYE');
});

const play = (file: string, { simulator }: Stage) =>
  runScript(readScript(readFileSync(join(import.meta.dirname, '..', 'teams-simulator', 'scripts', file), 'utf8')), {
    simulator,
    variables: { sbc: `${LITTLE_FQDN}:5061`, number: '+493055555' },
    onPrompt: () => undefined,
  });

test('the example script of a transfer passes with an SBC that copies, and names the letter that another changed', async (t) => {
  for (const [copy, failure] of [
    [undefined, undefined],
    [(text: string) => text.replace('aHR0', 'ahr0'), /^step 10: INVITE: Referred-By is .*ahr0.*, wanted .*aHR0/],
  ] as const) {
    const stage = await littleStage(t);
    transfers(stage, { tells: WELL, ...(copy === undefined ? {} : { copy }) });
    const report = await play('transfer.yaml', stage);
    if (failure === undefined) assert.equal(report.failure, undefined);
    else assert.match(report.failure ?? '', failure);
  }
});

test('the example script of Replaces passes with an SBC that ends the old call', async (t) => {
  const stage = await littleStage(t);
  stage.little.onRequest = (heard, sbc) => {
    sbc.answer(heard, 200);
    const [callId = ''] = rawValue(heard.text, 'replaces')?.split(';') ?? [];
    const old = sbc.heard.find(({ message }) => message.headers['call-id'] === callId);
    if (old && heard.message.method === 'INVITE')
      stage.say(littleRequest('BYE', { callId, to: rawValue(old.text, 'from') ?? '', uri: 'sip:teams.invalid' }));
  };
  assert.equal((await play('replaces.yaml', stage)).failure, undefined);
});

test('what a bad SBC does is named, with the message', async (t) => {
  const stage = await littleStage(t, { isStrict: false });
  const { say, little } = stage;
  say(
    littleRequest('OPTIONS', { callId: 'o', contact: '<sip:192.0.2.7:5061>', uri: 'sips:sip.pstnhub.microsoft.com' }),
  );
  await little.hears(403);
  const lines = ['Record-Route: <sip:proxy.example.com;lr>', 'Replaces: a;to-tag=b;from-tag=c', 'Require: 100rel'];
  const uri = 'sip:03055555@sip.pstnhub.microsoft.com';
  const body = `${SRTP.replace('8 97', '8 97 8').replace('SAVP', 'AVP')}a=sendonly\r\n`;
  say(littleRequest('INVITE', { callId: 'i', contact: `<sip:${LITTLE_FQDN}>`, uri, body, lines: lines.slice(1) }));
  await little.hears(200);
  say(littleRequest('UPDATE', { callId: 'u', lines: lines.slice(0, 1) }));
  await little.hears(403, ({ message }) => message.headers['call-id'] === 'u');
  const found = verdicts(stage, 200_000);
  const broken = [...found.values()].filter(({ verdict }) => verdict === 'broken').map(({ id }) => id);
  const wanted = [
    'O-01',
    'O-02',
    'O-03',
    'O-04',
    'O-11',
    'O-12',
    'I-01',
    'I-04',
    'I-05',
    'I-07',
    'I-08',
    'I-09',
    'M-01',
    'D-10',
  ];
  assert.deepEqual(
    wanted.filter((id) => !broken.includes(id)),
    [],
  );
  assert.match(found.get('O-01')?.message?.text ?? '', /Contact: <sip:192\.0\.2\.7:5061>/);
  assert.ok(!JSON.stringify([...found.values()]).includes('WVNfX19zZW1'), 'a key');
});
