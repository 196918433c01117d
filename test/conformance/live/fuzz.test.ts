/**
 * Damaged messages at the live process, over UDP as a known PBX and over TLS as Microsoft, outside calls and inside one
 * that stands. Seeds are fixed and printed. More of it, with other seeds and the event loop under watch: `make fuzz`.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FQDN } from '../../kit/ground.ts';
import { Dice, mutate, withLength } from '../mutation.ts';
import { strictFault } from '../strict-reader.ts';
import { baseMessage, type Sender } from './corpus.ts';
import {
  assertCallWorks,
  assertUnharmed,
  headerOf,
  raiseLiveStage,
  responseText,
  rssBytes,
  SIP_PORT,
  TlsPeer,
} from './live-stage.ts';
import { statusOf } from '../../kit/agent-text.ts';
import type { LiveStage } from './live-stage.ts';
import { ackOf, standingCall } from './standing-call.ts';

const environment = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
const SEED = environment('FUZZ_SEED', 4475);
/** Two thirds of them over UDP. */
const MESSAGES = environment('FUZZ_MESSAGES', 3000);
/** No assertion without it: on a machine that others use, a longest block says something about them. */
const MAX_BLOCK_MS = process.env['FUZZ_MAX_BLOCK_MS'];

/** Sent at once; then the process must answer. */
const BATCH = environment('FUZZ_BATCH', 50);
/** Batches that one standing call lasts: 400 messages. */
const CALL_BATCHES = Math.ceil(400 / BATCH);
const MAX_UDP_OCTETS = 60_000;
const MAX_TLS_OCTETS = 120_000;
/** Garbage, the trace, and 32 s of answers that may be asked for again; it does not grow with FUZZ_MESSAGES. */
const MAX_GROWTH_MEGABYTES = 300;
/** What `monitorEventLoopDelay` measures between its own ticks. */
const LOOP_TICK_MS = 10;
/** What the machine alone does to the loop is told beside it. */
const IDLE_MS = 5000;

/** Answers that keep a call alive: ACK to every 2xx of an INVITE, 200 to BYE. */
function keepAnswering({ pbx }: LiveStage, sender: Sender, faults: string[]): void {
  pbx.onText = (text) => {
    const fault = text.startsWith('SIP/2.0 ') ? undefined : strictFault(text);
    if (fault !== undefined) faults.push(`${fault}: ${text}`);
    if (text.startsWith('BYE ')) void pbx.send(responseText(text, 200));
    else if (text.startsWith('INVITE ')) void pbx.send(responseText(text, 486));
    else if (statusOf(text) >= 200 && statusOf(text) < 300 && / INVITE$/.test(headerOf(text, 'CSeq') ?? ''))
      void pbx.send(ackOf(text, sender));
  };
}

async function loopDelayMs({ pod }: LiveStage): Promise<number> {
  return Math.max(0, 1000 * (await pod.metric('nodejs_eventloop_lag_max_seconds')) - LOOP_TICK_MS);
}

test(`damaged messages (seed ${SEED}, ${MESSAGES} messages)`, async (t) => {
  const stage = await raiseLiveStage(t);
  const { pbx, pod, block, ground } = stage;
  const udp: Sender = { protocol: 'UDP', sentBy: `${pbx.address}:${SIP_PORT}`, sbc: pod.address };
  const dice = new Dice(SEED);
  let longestMs = 0;
  let sent = 0;
  if (MAX_BLOCK_MS !== undefined) {
    await loopDelayMs(stage);
    await pause(IDLE_MS);
    t.diagnostic(`idle, the event loop was blocked for ${(await loopDelayMs(stage)).toFixed(1)} ms at most`);
  }
  const faults: string[] = [];
  keepAnswering(stage, udp, faults);

  await t.test('over UDP', async (tt) => {
    const batches = Math.ceil((MESSAGES * 2) / 3 / BATCH);
    for (let batch = 0; batch < batches;) {
      const { call, teams } = await standingCall(stage, udp, `${SEED}x${batch}`);
      for (let left = CALL_BATCHES; left > 0 && batch < batches; left--, batch++) {
        for (let at = 0; at < BATCH; at++, sent++) {
          const other = baseMessage(dice, udp, `${SEED}o${sent}`, undefined);
          await pbx.send(mutate(baseMessage(dice, udp, `${SEED}u${sent}`, call), dice, other, MAX_UDP_OCTETS));
        }
        assert.equal(await pbx.probe(), 200, `after message ${sent}`);
        pbx.heard.length = 0;
      }
      longestMs = Math.max(longestMs, await loopDelayMs(stage));
      await teams.bye().catch((error: unknown) => tt.diagnostic(`BYE: ${String(error)}`));
    }
  });

  await t.test('over TLS', async () => {
    const sbc = `${FQDN}:5061`;
    const from = block.address(100);
    const tls: Sender = { protocol: 'TLS', sentBy: `${ground.dataCentres[0].host}:5061`, sbc };
    let peer = await TlsPeer.open(stage, from);
    const batches = Math.ceil(MESSAGES / 3 / BATCH);
    for (let batch = 0; batch < batches; batch++) {
      for (let at = 0; at < BATCH; at++, sent++) {
        // What breaks its stream ends the connection; the next message comes on a new one.
        if (peer.isClosed) peer = await TlsPeer.open(stage, from);
        const other = baseMessage(dice, tls, `${SEED}o${sent}`, undefined);
        const hurt = mutate(baseMessage(dice, tls, `${SEED}t${sent}`, undefined), dice, other, MAX_TLS_OCTETS);
        // Mostly a stream that can be followed: else one message in a connection is all that is read.
        peer.send(dice.below(4) === 0 ? hurt : withLength(hurt));
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.close();
      peer = await TlsPeer.open(stage, from);
      assert.equal(await peer.probe(), 200, `after message ${sent}`);
    }
    peer.close();
    longestMs = Math.max(longestMs, await loopDelayMs(stage));
  });

  await t.test(
    'after all of it: the same process, no error of ours, no call left, memory bounded, and a call works',
    async (tt: TestContext) => {
      tt.diagnostic(`seed ${SEED}, ${sent} messages, longest block of the event loop ${longestMs.toFixed(1)} ms`);
      tt.diagnostic(
        `resident ${(stage.rssBefore / 1e6).toFixed(0)} MB before, ${(rssBytes(stage.pidBefore) / 1e6).toFixed(0)} MB after`,
      );
      assert.deepEqual(faults, [], 'whatever we were sent, what we send is strict SIP');
      const refused = await pod.metric('sbc_refused_total', { reason: 'malformed' });
      const calls = await pod.metric('sbc_calls_started_total');
      tt.diagnostic(`${refused} refused as malformed, ${calls} calls`);
      assert.ok(refused > MESSAGES / 10 && calls > MESSAGES / 200, 'neither too hurt nor too whole to find anything');
      pbx.onText = () => undefined;
      await assertCallWorks(stage);
      await assertUnharmed(stage, MAX_GROWTH_MEGABYTES);
      if (MAX_BLOCK_MS !== undefined) assert.ok(longestMs <= Number(MAX_BLOCK_MS), `${longestMs.toFixed(1)} ms`);
    },
  );
});
