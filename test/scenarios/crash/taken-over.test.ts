/** The runtime is killed in the middle of calls and started again: they go on (ADR 0012). */
import assert from 'node:assert/strict';
import { minutes, scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { asksFor, bothDirections, hangsUp, talking, teamsCalls } from '../directions.ts';
import { agreeing, callingTeams, calledByTeams, expired } from '../session-timer/openings.ts';
import { teamsHangsUp } from '../stories.ts';

type Both = Stage<'teams' | 'pbx'>;

/** A second passes before the container is there again. */
async function crashes({ process, time }: Both): Promise<ReturnType<Both['process']['startsAgain']>> {
  await time.passes(100);
  process.isKilled();
  await time.passes(seconds(1));
  return process.startsAgain();
}

for (const direction of bothDirections) {
  const other = direction.from === 'teams' ? 'pbx' : 'teams';

  scenario(
    `${direction.from} has called: after the crash its BYE reaches the other side`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction);
      const sbc = await crashes(stage);
      assert.deepEqual(sbc.size(), { calls: 1, legs: 2, transactions: 0 });
      await stage.time.passes(minutes(1));
      await hangsUp(caller, callee);
      const { startedAtMs = 0, endedAtMs = 0, end } = stage.records[0] ?? {};
      assert.deepEqual([end?.reason, end?.by], ['normal-clearing', 'caller']);
      assert.equal(Math.floor((endedAtMs - startedAtMs) / 1000), 61);
    },
  );

  scenario(
    `${direction.from} has called: after the crash the BYE of ${other} reaches it`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction);
      await crashes(stage);
      await hangsUp(callee, caller);
    },
  );

  for (const by of ['teams', 'pbx'] as const) {
    scenario(
      `${direction.from} has called: after the crash ${by} holds and resumes, after another one as well`,
      oneTrunkEach,
      async (stage) => {
        const [one, two] = by === 'teams' ? [stage.teams, stage.pbx] : [stage.pbx, stage.teams];
        await talking(stage, direction);
        await crashes(stage);
        await asksFor('inactive', one, two);
        await crashes(stage);
        await asksFor('sendrecv', one, two);
        await asksFor('inactive', two, one);
        await hangsUp(one, two);
      },
    );
  }

  scenario(
    `${direction.from} has called: glare after the crash ends as it always does`,
    oneTrunkEach,
    async (stage) => {
      const { caller, callee } = await talking(stage, direction);
      await crashes(stage);
      await caller.sends('INVITE', { direction: 'inactive' });
      await callee.sends('INVITE', { direction: 'inactive' });
      await caller.gets(100);
      await callee.gets(100);
      await callee.gets(491);
      await callee.gets('INVITE', { direction: 'inactive' });
      await callee.sends(200, { direction: 'inactive' });
      await callee.gets('ACK');
      await caller.gets(200);
      await caller.sends('ACK');
      await hangsUp(callee, caller);
    },
  );
}

scenario('OPTIONS and INFO inside the dialog are answered as before', oneTrunkEach, async (stage) => {
  const { teams, pbx } = await crashesIn(stage);
  for (const party of [teams, pbx]) {
    for (const method of ['OPTIONS', 'INFO']) {
      await party.sends(method);
      await party.gets(200);
    }
  }
  await teamsHangsUp(stage);
});

scenario('What we send after a crash is beyond every CSeq that was there before', oneTrunkEach, async (stage) => {
  const { teams } = stage;
  await talking(stage, { from: 'pbx', to: 'teams', number: '+4989111111' });
  await crashes(stage);
  await stage.pbx.sends('BYE');
  await stage.pbx.gets(200);
  const bye = await teams.gets('BYE');
  await teams.sends(200);
  assert.equal(bye.headers.cseq.seq > 1000, true);
});

scenario(
  'We refresh the session of Teams: the refresh comes when it is due, with the description as it was',
  oneTrunkEach,
  async (stage) => {
    const { teams, time } = stage;
    const offered = await callingTeams(stage, '1800;refresher=uac');
    await time.passes(minutes(10));
    await crashes(stage);
    await time.passes(minutes(5) - seconds(3));
    const refresh = await teams.gets('INVITE', { headers: { 'session-expires': '1800;refresher=uac' } });
    assert.equal(refresh.content, offered);
    await teams.sends(200, { headers: agreeing('1800;refresher=uac') });
    await teams.gets('ACK');
    // The agreement of that one holds after the next crash.
    await crashes(stage);
    await time.passes(minutes(15) - seconds(3));
    await teams.gets('INVITE');
    await teams.sends(200, { headers: agreeing('1800;refresher=uac') });
    await teams.gets('ACK');
    await teamsHangsUp(stage);
  },
);

scenario('A refresh that came due while nobody was there is sent at once', oneTrunkEach, async (stage) => {
  const { teams, process, time } = stage;
  await callingTeams(stage, '90;refresher=uac');
  await time.passes(seconds(44));
  process.isKilled();
  await time.passes(seconds(5));
  process.startsAgain();
  await teams.gets('INVITE', { within: seconds(2), headers: { 'session-expires': '90;refresher=uac' } });
  await teams.sends(200, { headers: agreeing('90;refresher=uac') });
  await teams.gets('ACK');
  await teamsHangsUp(stage);
});

scenario(
  'Teams refreshes its session after the crash: answered, and the PBX hears nothing',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    const answered = await calledByTeams(stage, '1800', '1800;refresher=uac');
    await crashes(stage);
    await teams.sends('INVITE', { headers: { supported: 'timer', 'session-expires': '1800;refresher=uac' } });
    await teams.gets(100);
    const ok = await teams.gets(200, { headers: agreeing('1800;refresher=uac') });
    assert.equal(ok.content, answered);
    await teams.sends('ACK');
    await pbx.getsNothing();
    await teamsHangsUp(stage);
  },
);

scenario(
  'A session that nobody refreshes ends after the crash as it would have before',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await calledByTeams(stage, '90', '90;refresher=uac');
    await time.passes(seconds(30));
    await crashes(stage);
    await time.passes(seconds(25));
    await Promise.all([teams.gets('BYE', { headers: expired }), pbx.gets('BYE', { headers: expired })]);
    await teams.sends(200);
    await pbx.sends(200);
  },
);

scenario('A drain waits for calls that were taken over, and they count', oneTrunkEach, async (stage) => {
  const { pbx, time } = await crashesIn(stage);
  let isEmpty = false;
  stage.process.startsAgain().drain(() => (isEmpty = true));
  await pbx.sends('INVITE', { to: '+4989111111', call: 'second' });
  await pbx.gets(100);
  await pbx.gets(503);
  await time.passes(minutes(5));
  assert.equal(isEmpty, false);
  await stage.teams.sends('BYE');
  await stage.teams.gets(200);
  await pbx.gets('BYE');
  await pbx.sends(200);
  await time.passes(seconds(1));
  assert.equal(isEmpty, true);
});

scenario(
  'The PBX repeats its 200 to a re-INVITE of the process that is gone: it is acknowledged',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, process, time } = stage;
    await talking(stage, { from: 'teams', to: 'pbx', number: '+498912345' });
    await time.passes(100);
    await teams.sends('INVITE', { direction: 'inactive' });
    await teams.gets(100);
    await pbx.gets('INVITE', { direction: 'inactive' });
    process.isKilled();
    process.startsAgain();
    await pbx.sends(200, { direction: 'inactive' });
    await pbx.gets('ACK');
    await hangsUp(pbx, teams);
  },
);

scenario('A call that is being set up is lost, and its relay session goes', oneTrunkEach, async (stage) => {
  const { teams, pbx, process, time } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await time.passes(100);
  process.isKilled();
  assert.equal(process.startsAgain().size().calls, 0);
  await teams.sends('CANCEL');
  await teams.gets(481);
  await pbx.sends(200);
  await pbx.getsNothing();
});

/** Teams has called, the PBX has answered, and the process is another one. */
async function crashesIn(stage: Both): Promise<Both> {
  await talking(stage, { from: 'teams', to: 'pbx', number: '+498912345' });
  await crashes(stage);
  return stage;
}

scenario('A line of another call is spoiled in the journal: this one goes on', oneTrunkEach, async (stage) => {
  const { caller, callee } = await talking(stage, teamsCalls);
  await stage.time.passes(100);
  stage.process.isKilled();
  const { journal } = stage.process;
  journal.text = journal.text.replace('\n', '\n+0123 {"half\n') + '\0\0\0\n';
  assert.equal(stage.process.startsAgain().size().calls, 1);
  await hangsUp(caller, callee);
});
