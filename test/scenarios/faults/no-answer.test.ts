/** A callee that never answers, and what it does when it is told to stop (F-34, J-02). */
import assert from 'node:assert/strict';
import { minutes, scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { bothDirections, ringing, sidesOf } from '../directions.ts';

const LONGER_THAN_RINGING = { within: minutes(4) };

for (const direction of bothDirections) {
  const { from, to, number } = direction;

  scenario(`${to} rings for ever: after three minutes it gets CANCEL, and ${from} 408`, oneTrunkEach, async (stage) => {
    const { caller, callee } = await ringing(stage, direction);
    const atMs = stage.time.nowMs();
    await callee.gets('CANCEL', { ...LONGER_THAN_RINGING, headers: { reason: /^SIP;cause=408/ } });
    assert.ok(stage.time.nowMs() - atMs >= 179_000);
    await callee.sends(200, { for: 'CANCEL' });
    await callee.sends(487);
    await caller.gets(408);
    assert.equal(stage.records[0]?.end?.reason, 'ring-timeout');
  });

  scenario(
    `${to} rings for ever and takes twenty seconds to stop: ${from} has its 408 at once`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await ringing(stage, direction);
      await caller.gets(408, LONGER_THAN_RINGING);
      await callee.gets('CANCEL');
      await stage.time.passes(seconds(20));
      await callee.sends(200, { for: 'CANCEL' });
      await callee.sends(487);
      await caller.getsNothing();
    },
  );

  scenario(
    `${to} answers when it should have stopped: it gets ACK and BYE, and ${from} hears of nothing`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await ringing(stage, direction);
      await caller.gets(408, LONGER_THAN_RINGING);
      await callee.gets('CANCEL');
      await callee.sends(200, { for: 'CANCEL' });
      await stage.time.passes(seconds(10));
      await callee.sends(200, { for: 'INVITE' });
      await callee.gets('ACK');
      await callee.gets('BYE');
      await callee.sends(200);
      await caller.getsNothing();
    },
  );

  scenario(
    `${to} has rung and says no more, not even to CANCEL: ${from} gets 408, and nothing is left`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await ringing(stage, direction);
      await caller.gets(408, LONGER_THAN_RINGING);
      await callee.gets('CANCEL');
      await stage.time.passes(seconds(70));
      assert.deepEqual(stage.sbc.size(), { calls: 0, legs: 0, transactions: 0 });
    },
  );

  scenario(
    `${to} says 100 and nothing more: Teams would hear 183 after eight seconds; after three minutes CANCEL, and 408 to ${from}`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = sidesOf(stage, direction);
      await caller.sends('INVITE', { to: number });
      await caller.gets(100);
      await callee.gets('INVITE');
      await callee.sends(100);
      // Teams goes elsewhere after ten seconds.
      if (from === 'teams') await caller.gets(183, { within: seconds(8), answer: 'none' });
      await caller.gets(408, LONGER_THAN_RINGING);
      await callee.gets('CANCEL');
      await callee.sends(200, { for: 'CANCEL' });
      await callee.sends(487);
    },
  );
}

scenario(
  'The PBX takes the INVITE and says nothing: Teams has its first word before eight seconds are over',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await teams.gets(503, { within: seconds(8) });
    assert.ok(time.nowMs() < 8000);
  },
);

scenario(
  'The PBX takes twelve seconds to ring and is busy then: Teams hears 183 after eight, then 180 and 486',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(100);
    await teams.gets(183, { within: seconds(8), answer: 'none' });
    assert.ok(time.nowMs() < 8100);
    await time.passes(seconds(4));
    await pbx.sends(180);
    await teams.gets(180);
    await pbx.sends(486);
    await teams.gets(486);
  },
);
