/** Our 2xx and its ACK: repeated until it comes, given up after 64*T1, whoever has called (F-33, D-10). */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { bothDirections, hangsUp, ringing, sidesOf, talking } from '../directions.ts';

const ACK_MISSING = /^SIP;cause=408;text="ACK missing"$/;

for (const direction of bothDirections) {
  const { from, to, number } = direction;

  scenario(
    `${from} has called: our 200 is repeated after 0.5, 1.5 and 3.5 s, until the ACK`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await ringing(stage, direction);
      await callee.sends(200);
      await callee.gets('ACK');
      await caller.gets(200);
      const atMs = stage.time.nowMs();
      for (const afterMs of [500, 1500, 3500]) {
        await caller.getsAgain(200);
        assert.equal(stage.time.nowMs() - atMs, afterMs);
      }
      await caller.sends('ACK');
      await assert.rejects(caller.getsAgain(200, seconds(10)), /expected 200 again/);
      await hangsUp(caller, callee);
    },
  );

  scenario(
    `${from} has called and never acknowledges: after 32 s both sides get BYE, and are told why`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await ringing(stage, direction);
      await callee.sends(200);
      await callee.gets('ACK');
      await caller.gets(200);
      const atMs = stage.time.nowMs();
      await caller.gets('BYE', { within: seconds(40), headers: { reason: ACK_MISSING } });
      assert.equal(stage.time.nowMs() - atMs, 32_000);
      await caller.sends(200);
      await callee.gets('BYE', { headers: { reason: ACK_MISSING } });
      await callee.sends(200);
      assert.deepEqual(stage.records[0]?.end, { result: 'caller-error', by: 'caller', reason: 'ack-timeout' });
    },
  );

  scenario(`${from} never acknowledges the 200 to its hold: both sides get BYE`, oneTrunkEach, async (stage) => {
    const { caller, callee } = await talking(stage, direction);
    await caller.sends('INVITE', { direction: 'inactive' });
    await caller.gets(100);
    await callee.gets('INVITE');
    await callee.sends(200, { direction: 'inactive' });
    await callee.gets('ACK');
    await caller.gets(200);
    await caller.gets('BYE', { within: seconds(40), headers: { reason: ACK_MISSING } });
    await caller.sends(200);
    await callee.gets('BYE', { headers: { reason: ACK_MISSING } });
    await callee.sends(200);
  });

  scenario(`${to} answers while the relay takes three seconds: it has its ACK at once`, oneTrunkEach, async (stage) => {
    const { caller, callee } = await ringing(stage, direction);
    stage.relay.takes(seconds(3));
    await callee.sends(200);
    await callee.gets('ACK', { within: 10 });
    await caller.getsNothing(2900);
    await caller.gets(200);
    await caller.sends('ACK');
    await hangsUp(callee, caller);
  });

  scenario(
    `${to} answers while the relay is away: ACK at once, then BYE, and 503 to ${from}`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await ringing(stage, direction);
      stage.relay.takes(seconds(3));
      stage.relay.hangs();
      await callee.sends(200);
      await callee.gets('ACK', { within: 10 });
      await callee.gets('BYE');
      await callee.sends(200);
      await caller.gets(503, { headers: { 'retry-after': /^\d+$/ } });
    },
  );

  scenario(
    `${to} agrees to a hold while the relay takes three seconds: it has its ACK at once`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction);
      await caller.sends('INVITE', { direction: 'inactive' });
      await caller.gets(100);
      await callee.gets('INVITE');
      stage.relay.takes(seconds(3));
      await callee.sends(200, { direction: 'inactive' });
      await callee.gets('ACK', { within: 10 });
      await caller.gets(200);
      await caller.sends('ACK');
      await hangsUp(caller, callee);
    },
  );

  scenario(`${to} repeats its 200, for our ACK was lost: it gets it again, at once`, oneTrunkEach, async (stage) => {
    const { caller, callee } = sidesOf(stage, direction);
    await caller.sends('INVITE', { to: number });
    await caller.gets(100);
    await callee.gets('INVITE');
    stage.network.dropsTo(1, to, 'ACK');
    await callee.sends(200);
    await caller.gets(200);
    await caller.sends('ACK');
    await callee.sendsAgain(200);
    await callee.gets('ACK', { within: 10 });
    await hangsUp(caller, callee);
  });
}
