/** Messages right behind each other, however long the relay takes: none is overtaken, none is lost (F-12, F-13, D-10, D-11). */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { bothDirections, hangsUp, ringing, sidesOf, talking } from '../directions.ts';

const relayTimesMs = [0, 1, 50];
/** In one segment, and in the next one. */
const pausesMs = [0, 1];

for (const direction of bothDirections) {
  const { from, to, number } = direction;
  for (const relayMs of relayTimesMs) {
    for (const pauseMs of pausesMs) {
      scenario(
        `${from} calls: a 200 ${pauseMs} ms behind the 180 does not overtake it (relay ${relayMs} ms)`,
        oneTrunkEach,
        async (stage) => {
          const { caller, callee } = sidesOf(stage, direction);
          stage.relay.takes(relayMs);
          await caller.sends('INVITE', { to: number });
          await caller.gets(100);
          await callee.gets('INVITE');
          await callee.sends(180);
          await stage.time.passes(pauseMs);
          await callee.sends(200);
          await callee.gets('ACK');
          await caller.gets(180);
          await caller.gets(200);
          await caller.sends('ACK');
          await hangsUp(caller, callee);
        },
      );

      scenario(
        `${from} calls: a 200 ${pauseMs} ms behind a 183 with early media does not overtake it (relay ${relayMs} ms)`,
        oneTrunkEach,
        async (stage) => {
          const { caller, callee } = sidesOf(stage, direction);
          const answer = to === 'teams' ? 'srtp-sdes' : 'rtp-avp';
          stage.relay.takes(relayMs);
          await caller.sends('INVITE', { to: number });
          await caller.gets(100);
          await callee.gets('INVITE');
          await callee.sends(183, { answer });
          await stage.time.passes(pauseMs);
          await callee.sends(200);
          await callee.gets('ACK');
          await caller.gets(183);
          await caller.gets(200);
          await caller.sends('ACK');
          await hangsUp(caller, callee);
        },
      );

      scenario(
        `${from} calls: its BYE ${pauseMs} ms behind its ACK ends both sides (relay ${relayMs} ms)`,
        oneTrunkEach,
        async (stage) => {
          stage.relay.takes(relayMs);
          const { caller, callee } = await ringing(stage, direction);
          await callee.sends(200);
          await callee.gets('ACK');
          await caller.gets(200);
          await caller.sends('ACK');
          await stage.time.passes(pauseMs);
          await hangsUp(caller, callee);
        },
      );

      scenario(
        `${from} calls: ${to} answers and hangs up ${pauseMs} ms later, before the relay has spoken (relay ${relayMs} ms)`,
        oneTrunkEach,
        async (stage) => {
          stage.relay.takes(relayMs);
          const { caller, callee } = await ringing(stage, direction);
          await callee.sends(200);
          await stage.time.passes(pauseMs);
          await callee.sends('BYE', { headers: { reason: 'Q.850;cause=16' } });
          await callee.gets('ACK');
          await callee.gets(200);
          await caller.gets(200);
          await caller.sends('ACK');
          await caller.gets('BYE', { headers: { reason: 'Q.850;cause=16' } });
          await caller.sends(200);
          assert.equal(stage.records[0]?.end?.reason, 'normal-clearing');
        },
      );

      scenario(
        `${from} calls and cancels ${pauseMs} ms later: ${to} rings at most for a moment (relay ${relayMs} ms)`,
        oneTrunkEach,
        async (stage) => {
          const { caller, callee } = sidesOf(stage, direction);
          stage.relay.takes(relayMs);
          await caller.sends('INVITE', { to: number });
          await stage.time.passes(pauseMs);
          await caller.sends('CANCEL');
          await caller.gets(100);
          await caller.gets(200);
          await caller.gets(487);
          if (pauseMs < relayMs || pauseMs === 0) {
            await callee.getsNothing();
            return;
          }
          // Its INVITE was on its way already; the CANCEL waits for a provisional response (RFC 3261 §9.1).
          await callee.gets('INVITE');
          await callee.getsNothing(seconds(1));
          await callee.sends(180);
          await callee.gets('CANCEL');
          await callee.sends(200, { for: 'CANCEL' });
          await callee.sends(487);
        },
      );
    }

    scenario(
      `${from} calls: its BYE overtakes its ACK: both sides end, and the ACK harms nobody (relay ${relayMs} ms)`,
      oneTrunkEach,
      async (stage) => {
        stage.relay.takes(relayMs);
        const { caller, callee } = await ringing(stage, direction);
        await callee.sends(200);
        await callee.gets('ACK');
        await caller.gets(200);
        stage.network.delays(5, from, 'ACK');
        await caller.sends('ACK');
        await hangsUp(caller, callee);
      },
    );

    scenario(
      `${from} calls: ${to} hangs up while the ACK of ${from} is late: BYE waits for it (relay ${relayMs} ms)`,
      oneTrunkEach,
      async (stage) => {
        stage.relay.takes(relayMs);
        const { caller, callee } = await ringing(stage, direction);
        await callee.sends(200);
        await callee.gets('ACK');
        await caller.gets(200);
        await callee.sends('BYE');
        await callee.gets(200);
        await caller.getsNothing(300);
        await caller.sends('ACK');
        await caller.gets('BYE');
        await caller.sends(200);
      },
    );

    scenario(
      `${from} calls: it holds and hangs up in one breath: ${to} hears the BYE alone, the hold ends with 487 (relay ${relayMs} ms)`,
      oneTrunkEach,
      async (stage) => {
        const { caller, callee } = await talking(stage, direction);
        stage.relay.takes(relayMs);
        await caller.sends('INVITE', { direction: 'inactive' });
        await caller.sends('BYE');
        await caller.gets(100);
        await caller.gets(200);
        // RFC 3261 §15.1.2: the re-INVITE ends with its dialog.
        await caller.gets(487);
        await callee.gets('BYE');
        await callee.sends(200);
      },
    );
  }
}
