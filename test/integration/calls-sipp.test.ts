/** sipp, an implementation that is not ours, as the PBX over UDP: a second opinion on every message of the plain calls. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { askCalls, askLadder } from '../../operator/src/local/command-ask.ts';
import { FQDN, PBX_NUMBER } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk } from '../kit/manifests.ts';
import { RunningProcess } from '../kit/process.ts';
import { teamsFault } from '../kit/teams-fault.ts';
import type { TeamsCall } from '../teams-simulator/teams-call.ts';
import { eventually } from './local-observe.ts';
import { raiseSimulatedStage, type SimulatedStage } from './local-stage.ts';

const SCENARIOS = join(import.meta.dirname, 'sipp');
const PORT = 5060;
/** Below T1, with some air. */
const MOST_LATE_MS = 400;

/** Linux shows an address as its octets from the last to the first. */
function isBound(address: string): boolean {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0').toUpperCase());
  const wanted = `${octets.reverse().join('')}:${PORT.toString(16).toUpperCase()} `;
  return readFileSync('/proc/net/udp', 'latin1').includes(wanted);
}

/** Messages of ours to a trunk, out of a ladder that shows them in full. */
function sentTo(trunk: string, ladder: string): string[] {
  return ladder
    .split(/\n(?=\+\S+ {2}\S+ -> )/)
    .filter((block) => block.split('\n', 1)[0]?.endsWith(`  sbc -> ${trunk}`))
    .map(
      (block) =>
        `${block
          .split('\n')
          .slice(1)
          .map((line) => line.slice(4))
          .join('\r\n')}\r\n\r\n`,
    );
}

class Sipp {
  readonly #process: RunningProcess;
  readonly #scenario: string;

  private constructor(process: RunningProcess, scenario: string) {
    this.#process = process;
    this.#scenario = scenario;
  }

  /** One call of a scenario, on the PBX's address. */
  static async start({ ground }: SimulatedStage, scenario: string): Promise<Sipp> {
    const { sbc, pbx } = ground.at;
    const args = [
      '-sf',
      join(SCENARIOS, `${scenario}.xml`),
      '-i',
      pbx,
      '-bind_local',
      '-p',
      String(PORT),
      '-m',
      '1',
      '-s',
      PBX_NUMBER,
    ];
    const limits = [
      '-timeout',
      '20',
      '-timeout_error',
      '-nostdin',
      '-trace_err',
      '-error_file',
      '/dev/stderr',
      '-mp',
      '16000',
    ];
    const process = new RunningProcess('sipp', [`${sbc}:${PORT}`, ...args, ...limits], {
      name: `sipp ${scenario}`,
      cwd: ground.below('sipp'),
      env: { TERM: 'dumb' },
    });
    ground.endsWith(() => process.end());
    await eventually(
      `sipp ${scenario} listens`,
      () => isBound(pbx) || process.isOver,
      (done) => done,
    );
    return new Sipp(process, scenario);
  }

  /** Fails with what sipp did not like. */
  async succeeds(): Promise<void> {
    const code = await this.#process.ended;
    assert.equal(
      code,
      0,
      `sipp ${this.#scenario}:\n${this.#process.lines.filter((line) => /:\d\d:\d\d|nexpected|Failed|failed/.test(line)).join('\n')}`,
    );
  }
}

test('calls with sipp as the PBX', async (t) => {
  const stage = await raiseSimulatedStage(t, {
    prepare: ({ ground }) =>
      // sipp takes OPTIONS for a call that it does not expect.
      writeManifest(
        ground.below('manifests'),
        'pbx.yaml',
        pbxTrunk({ peers: [`${ground.at.pbx}:${PORT}`], allowCIDRs: [`${ground.at.pbx}/32`], optionsSeconds: 0 }),
      ),
  });
  const { ground, pod, simulator } = stage;
  const lateness = monitorEventLoopDelay({ resolution: 10 });
  lateness.enable();
  t.after(() => lateness.disable());
  const [, second, third] = ground.dataCentres;
  const toPbx = () => simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
  /** The next call that arrives at Teams, answered as `take` does it. */
  const atTeams = (take: (call: TeamsCall) => void) =>
    new Promise<TeamsCall>((resolve) => {
      simulator.onCall = (call) => {
        take(call);
        resolve(call);
      };
    });
  const rings = (call: TeamsCall) => call.ring();
  const ringsAndAnswers = (call: TeamsCall) => {
    call.ring();
    call.answer();
  };
  const endsAs = (direction: string, result: string, reason: string, count: number) =>
    pod.metricIs('sbc_calls_ended_total', { direction, result, reason }, count);

  await t.test('Teams calls, the PBX answers, Teams hangs up', async () => {
    const sipp = await Sipp.start(stage, 'uas-answered');
    const call = await toPbx();
    assert.equal(await call.ringing, 180);
    await call.answered;
    await call.bye({ from: second.host });
    await sipp.succeeds();
    await endsAs('teams-to-pbx', 'success', 'normal-clearing', 1);
  });

  await t.test('Teams calls, the PBX answers and hangs up; its reason reaches Teams', async () => {
    const sipp = await Sipp.start(stage, 'uas-hangs-up');
    const call = await toPbx();
    const { by, reason } = await call.ended;
    assert.equal(by, 'sbc');
    assert.match(reason ?? '', /Q\.850;cause=16/);
    await sipp.succeeds();
    await endsAs('teams-to-pbx', 'success', 'normal-clearing', 2);
  });

  await t.test('Teams calls a PBX that is busy', async () => {
    const sipp = await Sipp.start(stage, 'uas-busy');
    const call = await toPbx();
    assert.equal((await call.ended).status, 486);
    await sipp.succeeds();
    await endsAs('teams-to-pbx', 'callee-error', 'busy', 1);
  });

  await t.test('Teams calls and gives up while the PBX rings', async () => {
    const sipp = await Sipp.start(stage, 'uas-cancelled');
    const call = await toPbx();
    await call.ringing;
    await call.cancel();
    assert.equal((await call.ended).status, 487);
    await sipp.succeeds();
    await endsAs('teams-to-pbx', 'success', 'cancelled', 1);
  });

  await t.test('Teams holds and resumes the PBX, each time from another data centre', async () => {
    const sipp = await Sipp.start(stage, 'uas-held');
    const call = await toPbx();
    await call.answered;
    assert.equal((await call.hold({ from: second.host })).status, 200);
    assert.equal(call.directions.sbc, 'inactive');
    assert.equal((await call.resume({ from: third.host })).status, 200);
    assert.equal(call.directions.sbc, 'sendrecv');
    await call.bye();
    await sipp.succeeds();
  });

  await t.test('the PBX calls, Teams answers, the PBX hangs up', async () => {
    const arrives = atTeams(ringsAndAnswers);
    const sipp = await Sipp.start(stage, 'uac-answered');
    const call = await arrives;
    assert.equal((await call.ended).by, 'sbc');
    await sipp.succeeds();
    await endsAs('pbx-to-teams', 'success', 'normal-clearing', 1);
  });

  await t.test('the PBX calls, Teams answers and hangs up over a new connection', async () => {
    const arrives = atTeams(ringsAndAnswers);
    const sipp = await Sipp.start(stage, 'uac-hung-up');
    const call = await arrives;
    await call.answered;
    await call.bye({ from: third.host });
    await sipp.succeeds();
    await endsAs('pbx-to-teams', 'success', 'normal-clearing', 2);
  });

  await t.test('the PBX calls somebody in Teams who is busy', async () => {
    const arrives = atTeams((call) => call.reject(486));
    const sipp = await Sipp.start(stage, 'uac-busy');
    await arrives;
    await sipp.succeeds();
    await endsAs('pbx-to-teams', 'callee-error', 'busy', 1);
  });

  await t.test('the PBX calls and gives up while Teams rings', async () => {
    const arrives = atTeams(rings);
    const sipp = await Sipp.start(stage, 'uac-cancels');
    const call = await arrives;
    assert.equal((await call.ended).status, 487);
    await sipp.succeeds();
    await endsAs('pbx-to-teams', 'success', 'cancelled', 1);
  });

  await t.test('the PBX holds Teams with sendonly, which Teams is told as inactive, and resumes it', async () => {
    const arrives = atTeams(ringsAndAnswers);
    const sipp = await Sipp.start(stage, 'uac-holds');
    const call = await arrives;
    assert.equal((await call.ended).by, 'sbc');
    await sipp.succeeds();
    const offers = simulator.log.received('INVITE').filter(({ message }) => message.headers['call-id'] === call.callId);
    const directions = offers.map(({ text }) => /^a=(inactive|sendonly|recvonly|sendrecv)\r$/m.exec(text)?.[1]);
    assert.deepEqual(directions, ['sendrecv', 'inactive', 'sendrecv']);
  });

  await t.test('the PBX moves its media twice: Teams keeps our address, port and key', async () => {
    const arrives = atTeams(ringsAndAnswers);
    const sipp = await Sipp.start(stage, 'uac-moves');
    const call = await arrives;
    assert.equal((await call.ended).by, 'sbc');
    await sipp.succeeds();
    const offers = simulator.log.received('INVITE').filter(({ message }) => message.headers['call-id'] === call.callId);
    assert.equal(offers.length, 3);
    for (const pattern of [/^m=audio (\d+ RTP\/SAVP .*)\r$/m, /^(c=.*)\r$/m, /^a=crypto:(.*)\r$/m]) {
      const places = new Set(offers.map(({ text }) => pattern.exec(text)?.[1]));
      assert.equal(places.size, 1, String(pattern));
      assert.ok(!places.has(undefined), String(pattern));
    }
  });

  await t.test('the PBX calls, holds and resumes without SDP: Teams always gets an offer, from one place', async () => {
    const arrives = atTeams(ringsAndAnswers);
    const sipp = await Sipp.start(stage, 'uac-offerless');
    const call = await arrives;
    assert.equal((await call.ended).by, 'sbc');
    await sipp.succeeds();
    const offers = simulator.log.received('INVITE').filter(({ message }) => message.headers['call-id'] === call.callId);
    const lineOf = (text: string, pattern: RegExp) => pattern.exec(text)?.[1];
    assert.deepEqual(
      offers.map(({ text }) => lineOf(text, /^a=(inactive|sendonly|recvonly|sendrecv)\r$/m)),
      ['sendrecv', 'inactive', 'sendrecv'],
    );
    for (const pattern of [/^m=audio (\d+) RTP\/SAVP/m, /^(c=.*)\r$/m, /^a=crypto:(.*)\r$/m, /^o=- (\d+) /m]) {
      const places = new Set(offers.map(({ text }) => lineOf(text, pattern)));
      assert.equal(places.size, 1, String(pattern));
      assert.ok(!places.has(undefined), String(pattern));
    }
  });

  await t.test('the PBX calls without SDP and takes another codec: Teams is asked again with it', async () => {
    const arrives = atTeams(ringsAndAnswers);
    const sipp = await Sipp.start(stage, 'uac-offerless-pcmu');
    const call = await arrives;
    assert.equal((await call.ended).by, 'sbc');
    await sipp.succeeds();
    const offers = simulator.log.received('INVITE').filter(({ message }) => message.headers['call-id'] === call.callId);
    assert.deepEqual(
      offers.map(({ text }) => /^m=audio \d+ RTP\/SAVP (.*)\r$/m.exec(text)?.[1]),
      ['8 0 9 101', '0 101'],
    );
  });

  await t.test('in all that Teams got, names stand where it reads names, and SRTP alone was offered', () => {
    const received = simulator.log.messages.filter(({ direction }) => direction === 'received');
    const kinds = new Set(received.map(({ message }) => message.method ?? message.status));
    for (const kind of ['OPTIONS', 'INVITE', 'ACK', 'BYE', 'CANCEL', 180, 200, 486])
      assert.ok(kinds.has(kind), String(kind));
    assert.deepEqual(
      received.flatMap(({ text }) => teamsFault(text) ?? []),
      [],
    );
  });

  await t.test('the ladder of every call shows our name, and in what we sent no 127.0.0.1 or 0.0.0.0', async () => {
    // Not through thirteen processes of `sbc`: the same answers.
    const place = { runDirectory: join(stage.directory, 'run'), pod: undefined, output: 'json' } as const;
    const calls = JSON.parse((await askCalls(place)).join('\n')) as { readonly id: string }[];
    assert.ok(calls.length >= 8, `${calls.length} calls`);
    for (const { id } of calls) {
      const ladder = (await askLadder(place, { call: id, withMessages: true })).join('\n');
      const [toTeams, toPbx] = [sentTo('teams', ladder), sentTo('pbx', ladder)];
      assert.ok(toTeams.length >= 2 && toPbx.length >= 2, ladder);
      for (const text of toTeams) assert.equal(teamsFault(text), undefined, ladder);
      for (const text of [...toTeams, ...toPbx])
        assert.doesNotMatch(text, /(?<![\d.])(127\.0\.0\.1|0\.0\.0\.0)(?![\d.])/);
    }
  });

  await t.test('nothing is left, and nothing was sent twice', async (tt) => {
    await pod.isEmpty();
    await pod.metricIs('sbc_dialogs_active', {}, 0);
    const ownLatenessMs = lateness.max / 1e6;
    tt.diagnostic(`own lateness ${ownLatenessMs.toFixed(0)} ms`);
    // A machine that stood still for T1 has let answers come late, and repeating is right then.
    if (ownLatenessMs < MOST_LATE_MS) assert.equal(await pod.metric('sbc_sip_retransmissions_total'), 0);
    assert.deepEqual(
      pod.log().filter(({ level }) => level === 'error'),
      [],
    );
  });
});
