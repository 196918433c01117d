/** Microsoft's connections end in every state of a call: we dial again, and the call is as it was (D-03). */
import assert from 'node:assert/strict';
import { minutes, scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { asksFor, bothDirections, hangsUp, ringing, talking } from '../directions.ts';

const [teamsCalls, pbxCalls] = bothDirections as readonly [
  (typeof bothDirections)[number],
  (typeof bothDirections)[number],
];

scenario(
  'Teams has called and loses its connections while it rings: it hears the answer over a new one',
  oneTrunkEach,
  async (stage) => {
    const { caller, callee } = await ringing(stage, teamsCalls);
    stage.teams.closesConnection();
    await callee.sends(200);
    await callee.gets('ACK');
    await caller.gets(200);
    await caller.sends('ACK');
    await hangsUp(callee, caller);
  },
);

scenario('Teams rings and loses its connections: its answer and our ACK take new ones', oneTrunkEach, async (stage) => {
  const { caller, callee } = await ringing(stage, pbxCalls);
  stage.teams.closesConnection();
  await callee.sends(200);
  await callee.gets('ACK');
  await caller.gets(200);
  await caller.sends('ACK');
  await hangsUp(caller, callee);
});

scenario(
  'Teams rings and loses its connections, and the PBX gives up: CANCEL takes a new one',
  oneTrunkEach,
  async (stage) => {
    const { caller, callee } = await ringing(stage, pbxCalls);
    stage.teams.closesConnection();
    await caller.sends('CANCEL');
    await caller.gets(200);
    await caller.gets(487);
    await callee.gets('CANCEL');
    await callee.sends(200, { for: 'CANCEL' });
    await callee.sends(487);
  },
);

for (const direction of bothDirections) {
  scenario(
    `${direction.from} has called, and Teams loses its connections: the BYE of the PBX is dialled`,
    oneTrunkEach,
    async (stage) => {
      await talking(stage, direction);
      stage.teams.closesConnection();
      await hangsUp(stage.pbx, stage.teams);
    },
  );

  scenario(
    `${direction.from} has called, Teams holds and loses its connections: the PBX resumes and hangs up`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx, time } = stage;
      await talking(stage, direction);
      await asksFor('inactive', teams, pbx);
      await time.passes(minutes(5));
      teams.closesConnection();
      await asksFor('sendrecv', pbx, teams);
      await time.passes(minutes(5));
      teams.closesConnection();
      await hangsUp(pbx, teams);
    },
  );

  scenario(
    `${direction.from} has called: a BYE that died with its connection is dialled again`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx, network, time } = stage;
      await talking(stage, direction);
      const beforeMs = time.nowMs();
      network.dropsTo(1, 'teams', 'BYE');
      await pbx.sends('BYE');
      await pbx.gets(200);
      teams.closesConnection();
      await teams.gets('BYE');
      assert.ok(time.nowMs() - beforeMs < 1000, 'within T1');
      await teams.sends(200);
    },
  );

  scenario(
    `${direction.from} has called: the 200 to a BYE died with its connection: BYE once more, and no third time`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx, network } = stage;
      await talking(stage, direction);
      await pbx.sends('BYE');
      await pbx.gets(200);
      await teams.gets('BYE');
      network.drops(1, 'teams', 200);
      await teams.sends(200);
      teams.closesConnection();
      await teams.getsAgain('BYE');
      await teams.sendsAgain(200);
      await teams.getsNothing(minutes(1));
    },
  );
}

scenario(
  'Teams takes no connections for two seconds: the BYE is tried again until it does',
  oneTrunkEach,
  async (stage) => {
    await talking(stage, pbxCalls);
    stage.teams.goesDown();
    await stage.pbx.sends('BYE');
    await stage.pbx.gets(200);
    await stage.time.passes(2000);
    stage.teams.comesBack();
    await stage.teams.gets('BYE');
    await stage.teams.sends(200);
  },
);

scenario(
  'Teams takes no connections any more: the PBX hangs up all the same, and nothing waits for Teams',
  oneTrunkEach,
  async (stage) => {
    await talking(stage, pbxCalls);
    stage.teams.goesDown();
    await stage.pbx.sends('BYE');
    await stage.pbx.gets(200);
    await stage.time.passes(minutes(1));
    assert.deepEqual(stage.sbc.size(), { calls: 0, legs: 0, transactions: 0 });
  },
);
