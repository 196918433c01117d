/** The processor is the limit: new calls get 503 with Retry-After before any 18x, running calls are left alone, and it ends by itself. */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach, type Setup } from '../../kit/setups.ts';
import { asksFor, bothDirections, hangsUp, ringing, sidesOf, talking } from '../directions.ts';

for (const direction of bothDirections) {
  const way = { waitMs: 0 };
  const withWait: Setup<'teams' | 'pbx'> = {
    ...oneTrunkEach,
    probe: (clock) => ({
      ask: (answered) => {
        clock.after(way.waitMs, answered);
        return true;
      },
    }),
  };
  scenario(
    `Messages wait for 300 ms: new calls from ${direction.from} get 503 at once; those that ring or talk go on, and when nothing waits any more all get through`,
    withWait,
    async (stage) => {
      await talking(stage, direction, 'running');
      way.waitMs = 300;
      const { caller, callee } = await ringing(stage, direction, 'ringing');
      await stage.time.passes(seconds(1));
      assert.equal(stage.sbc.isOverloaded, true);
      await caller.sends('INVITE', { to: direction.number, call: 'shed' });
      await caller.gets(503, { call: 'shed', headers: { 'retry-after': /^[2-5]$/ } });
      assert.equal(stage.sbc.size().calls, 2);
      await callee.sends(200, { call: 'ringing' });
      await callee.gets('ACK', { call: 'ringing' });
      await caller.gets(200, { call: 'ringing' });
      await caller.sends('ACK', { call: 'ringing' });
      await asksFor('inactive', callee, caller);
      await hangsUp(callee, caller, 'ringing');
      await hangsUp(caller, callee, 'running');
      way.waitMs = 0;
      await stage.time.passes(seconds(4));
      assert.equal(stage.sbc.isOverloaded, false);
      const sides = sidesOf(stage, direction);
      await talking(stage, direction, 'later');
      await hangsUp(sides.caller, sides.callee, 'later');
    },
  );
}
