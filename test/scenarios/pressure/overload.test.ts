/** Full, leaving, or without media: 503 with Retry-After before any 18x, running calls are left alone, and it ends by itself (J-03). */
import assert from 'node:assert/strict';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { scenario, seconds } from '../../kit/scenario.ts';
import type { Stage } from '../../kit/scenario.ts';
import { oneTrunkEach, type Setup } from '../../kit/setups.ts';
import { routingState } from '../../kit/routing-state.ts';
import { asksFor, bothDirections, hangsUp, sidesOf, talking, type Direction } from '../directions.ts';

const limitedTo = (limits: RoutingState['limits']): Setup<'teams' | 'pbx'> => ({
  ...oneTrunkEach,
  state: routingState({ limits }),
});

/** One more call, which is turned away at once. */
async function isTurnedAway(stage: Stage<'teams' | 'pbx'>, direction: Direction, call: string): Promise<void> {
  const { caller, callee } = sidesOf(stage, direction);
  const beforeMs = stage.time.nowMs();
  await caller.sends('INVITE', { to: direction.number, call });
  await caller.gets(100);
  await caller.gets(503, { headers: { 'retry-after': /^\d+$/ } });
  assert.ok(stage.time.nowMs() - beforeMs < 100);
  await callee.getsNothing(seconds(1));
}

for (const direction of bothDirections) {
  scenario(
    `All places are taken: ${direction.from} gets 503 before any 18x; when one is free again, its next call goes through`,
    limitedTo({ maxCalls: 2, maxCallsPerSecond: 100 }),
    async (stage) => {
      await talking(stage, direction, 'first');
      const { caller, callee } = await talking(stage, direction, 'second');
      await isTurnedAway(stage, direction, 'third');
      await hangsUp(callee, caller, 'first');
      await shortCall(stage, direction);
      await hangsUp(caller, callee, 'second');
      assert.deepEqual(
        stage.records.map(({ end }) => end?.reason),
        ['normal-clearing', 'normal-clearing', 'normal-clearing'],
      );
    },
  );

  scenario(
    `More calls a second than allowed: ${direction.from} gets 503, and a second later it is heard again`,
    limitedTo({ maxCalls: 100, maxCallsPerSecond: 2 }),
    async (stage) => {
      await shortCall(stage, direction);
      await shortCall(stage, direction);
      await isTurnedAway(stage, direction, 'third');
      await stage.time.passes(seconds(1));
      await shortCall(stage, direction);
    },
  );

  scenario(
    `The relay is away: ${direction.from} gets 503 and the running call lives; when it is back, calls go through again`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction, 'running');
      stage.relay.goesAway();
      await isTurnedAway(stage, direction, 'second');
      await stage.time.passes(seconds(60));
      stage.relay.comesBack();
      await shortCall(stage, direction);
      await hangsUp(caller, callee, 'running');
    },
  );

  scenario(
    `The relay goes away during a call: a hold fails with 500, the call lives, and the hold works when it is back`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction);
      stage.relay.goesAway();
      await caller.sends('INVITE', { direction: 'inactive' });
      await caller.gets(100);
      await caller.gets(500, { headers: { 'retry-after': /^\d+$/ } });
      stage.relay.comesBack();
      await asksFor('inactive', caller, callee);
      await hangsUp(callee, caller);
    },
  );

  scenario(
    `While we leave, ${direction.from} gets 503 before any 18x; its running call is held, resumed and ended`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction);
      let isEmpty = false;
      stage.sbc.drain(() => (isEmpty = true));
      await asksFor('inactive', caller, callee);
      await asksFor('sendrecv', callee, caller);
      await hangsUp(caller, callee);
      assert.equal(isEmpty, true);
      await isTurnedAway(stage, direction, 'second');
    },
  );
}

/** A whole short call. */
async function shortCall(stage: Stage<'teams' | 'pbx'>, direction: Direction): Promise<void> {
  const { caller, callee } = await talking(stage, direction);
  await hangsUp(caller, callee);
}
