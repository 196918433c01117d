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

scenario('What came last of a call is spoiled in the journal: both sides get a BYE', oneTrunkEach, async (stage) => {
  await killedInACall(stage);
  const { journal } = stage.process;
  const [, id] = /^\+(\S+) /m.exec(journal.text) ?? assert.fail('no call was written');
  journal.text += `+${id} {"half\n`;
  assert.equal(stage.process.startsAgain().size().calls, 0);
  await bothGetBye(stage, lost);
});

for (const [what, head] of [
  ['of another version', 'teams-sbc calls 2'],
  ['whose first line is spoiled', 'teams-s\0\0\0alls 1'],
] as const)
  scenario(`A journal ${what}: what can be read of it gets a BYE on both sides`, oneTrunkEach, async (stage) => {
    await killedInACall(stage);
    const { journal } = stage.process;
    journal.text = journal.text.replace('teams-sbc calls 1', head);
    assert.equal(stage.process.startsAgain().size().calls, 0);
    await bothGetBye(stage, lost);
  });

scenario(
  'Nothing in the journal can be read: its calls are unknown, and their media goes',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, process } = stage;
    await killedInACall(stage);
    process.journal.text = process.journal.text.replaceAll('{', '\0');
    assert.equal(process.startsAgain().size().calls, 0);
    for (const party of [teams, pbx]) {
      await party.sends('BYE');
      await party.gets(481);
    }
  },
);

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

scenario(
  'The end of a call is spoiled in the journal: what is taken over ends by itself',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, process, time } = stage;
    const { caller, callee } = await talking(stage, teamsCalls);
    await time.passes(100);
    const before = process.journal.text;
    await hangsUp(caller, callee);
    await time.passes(100);
    process.isKilled();
    process.journal.text = `${before}\0\0\0\n`;
    process.startsAgain();
    await Promise.all([teams.gets('BYE', mediaGone), pbx.gets('BYE', mediaGone)]);
    await teams.sends(481);
    await pbx.sends(481);
  },
);
