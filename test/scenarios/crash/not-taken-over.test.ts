/** Calls that cannot go on after a crash of the runtime, and calls whose media is gone with RTPEngine: nobody stays in them (ADR 0012). */
import assert from 'node:assert/strict';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { hangsUp, talking, teamsCalls } from '../directions.ts';

type Both = Stage<'teams' | 'pbx'>;

const lost = { headers: { reason: 'Q.850;cause=41;text="The call was lost in a restart"' } };
const mediaGone = { headers: { reason: 'Q.850;cause=41;text="The media relay was restarted"' } };

async function killedInACall(stage: Both): Promise<void> {
  await talking(stage, teamsCalls);
  await stage.time.passes(100);
  stage.process.isKilled();
}

async function bothGetBye(
  { teams, pbx }: Both,
  expectation: { readonly headers: Record<string, string> },
): Promise<void> {
  await Promise.all([teams.gets('BYE', expectation), pbx.gets('BYE', expectation)]);
  await teams.sends(200);
  await pbx.sends(200);
}

scenario('The trunk of one side is gone: both sides get a BYE that says so', oneTrunkEach, async (stage) => {
  await killedInACall(stage);
  const renamed = routingState({ trunks: [teamsTrunk(), pbxTrunk({ name: 'another' })] });
  assert.equal(stage.process.startsAgain(renamed).size().calls, 0);
  await bothGetBye(stage, lost);
  assert.equal(stage.records[0]?.end?.reason, 'not-taken-over');
});

scenario('A damaged journal: what can be read of it gets a BYE on both sides', oneTrunkEach, async (stage) => {
  await killedInACall(stage);
  stage.process.journal.text += '+0123 {"half\n';
  assert.equal(stage.process.startsAgain().size().calls, 0);
  await bothGetBye(stage, lost);
});

scenario('A journal of another version: its calls are unknown, and their media goes', oneTrunkEach, async (stage) => {
  const { teams, pbx, process } = stage;
  await killedInACall(stage);
  process.journal.text = process.journal.text.replace('calls 1', 'calls 2');
  assert.equal(process.startsAgain().size().calls, 0);
  for (const party of [teams, pbx]) {
    await party.sends('BYE');
    await party.gets(481);
  }
});

scenario('The relay was started anew as well: both sides get a BYE', oneTrunkEach, async (stage) => {
  await killedInACall(stage);
  stage.relay.isKilled();
  stage.process.startsAgain();
  await bothGetBye(stage, mediaGone);
  assert.equal(stage.records[0]?.end?.reason, 'media-lost');
});

scenario('The relay is killed: its calls end on both sides, and the next call works', oneTrunkEach, async (stage) => {
  const { caller, callee } = await talking(stage, teamsCalls);
  await stage.time.passes(seconds(10));
  stage.relay.isKilled();
  await bothGetBye(stage, mediaGone);
  const { end } = stage.records[0] ?? {};
  assert.deepEqual([end?.reason, end?.result], ['media-lost', 'our-error']);
  await talking(stage, teamsCalls, 'next');
  await hangsUp(caller, callee, 'next');
});

scenario('The relay is killed while a call is being set up: the caller gets 503', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(180);
  await teams.gets(180);
  relay.isKilled();
  await teams.gets(503);
  await pbx.gets('CANCEL');
  await pbx.sends(200, { for: 'CANCEL' });
  await pbx.sends(487, { for: 'INVITE' });
});
