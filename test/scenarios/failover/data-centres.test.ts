/** Microsoft's three data centres: which of them gets a call, in what order, and how soon (teams-direct-routing.md §1.1, §1.2, §2.11). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Party } from '../../kit/party.ts';
import { minutes, raise, scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { threeDataCentres } from '../../kit/setups.ts';

type Names = 'teamsOne' | 'teamsTwo' | 'teamsThree' | 'pbx';

/** Who was sent an INVITE by the SBC, and when, in order. */
function invitesOf({ ladder }: ReturnType<typeof raise>['world']): string[] {
  return ladder.rungs
    .filter(({ from, title }) => from === 'sbc' && title === 'INVITE')
    .map(({ to, remark }) => `${to}${remark === undefined ? '' : ` (${remark})`}`);
}

const calls = async (pbx: Party): Promise<void> => {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
};

/** The data centre gets the call of the PBX and says that the user is busy: the shortest call there is. */
const isBusy = async (teams: Party, pbx: Party): Promise<void> => {
  await teams.gets('INVITE');
  await teams.sends(486);
  await pbx.gets(486);
};

const answersOptions = async (...parties: readonly Party[]): Promise<void> => {
  for (const party of parties) {
    await party.gets('OPTIONS', { within: seconds(65) });
    await party.sends(200, { for: 'OPTIONS' });
  }
};

void test('sip, sip2, sip3: each is dialled, in this order, where the one before does not connect', async () => {
  const { stage, finish, world } = raise(threeDataCentres());
  const { teamsOne, teamsTwo, teamsThree, pbx } = stage;
  teamsOne.goesDown();
  teamsTwo.goesDown();
  await calls(pbx);
  await teamsThree.gets('INVITE', { uri: /@sip3\.pstnhub\.microsoft\.com:5061/ });
  await teamsThree.sends(180);
  await pbx.gets(180);
  await teamsThree.sends(200);
  await teamsThree.gets('ACK');
  await pbx.gets(200);
  await pbx.sends('ACK');
  await pbx.sends('BYE');
  await pbx.gets(200);
  await teamsThree.gets('BYE');
  await teamsThree.sends(200);
  await finish();
  assert.deepEqual(invitesOf(world), ['teamsOne (refused)', 'teamsTwo (refused)', 'teamsThree']);
});

scenario('No data centre connects: the PBX is told 503 at once', threeDataCentres(), async (stage) => {
  const { teamsOne, teamsTwo, teamsThree, pbx } = stage;
  for (const teams of [teamsOne, teamsTwo, teamsThree]) teams.goesDown();
  await calls(pbx);
  await pbx.gets(503, { within: seconds(1) });
});

for (const [first, second] of [
  [408, 504],
  [503, 408],
  [504, 503],
] as const) {
  scenario(`sip says ${first}, sip2 says ${second}: sip3 gets the call`, threeDataCentres(), async (stage) => {
    const { teamsOne, teamsTwo, teamsThree, pbx } = stage;
    await calls(pbx);
    await teamsOne.gets('INVITE');
    await teamsOne.sends(first);
    await teamsTwo.gets('INVITE', { within: seconds(1) });
    await teamsTwo.sends(second);
    await teamsThree.gets('INVITE', { within: seconds(1) });
    await teamsThree.sends(200);
    await teamsThree.gets('ACK');
    await pbx.gets(200);
    await pbx.sends('ACK');
    await teamsThree.sends('BYE');
    await teamsThree.gets(200);
    await pbx.gets('BYE');
    await pbx.sends(200);
  });
}

scenario('The last data centre says no as well: the PBX hears it', threeDataCentres(), async (stage) => {
  const { teamsOne, teamsTwo, teamsThree, pbx } = stage;
  await calls(pbx);
  for (const teams of [teamsOne, teamsTwo, teamsThree]) {
    await teams.gets('INVITE');
    await teams.sends(504);
  }
  await pbx.gets(504);
});

scenario('Silence of all three costs a call twelve seconds, and no more', threeDataCentres(), async (stage) => {
  const { teamsOne, teamsTwo, teamsThree, pbx, time } = stage;
  const startMs = time.nowMs();
  await calls(pbx);
  for (const teams of [teamsOne, teamsTwo, teamsThree]) await teams.gets('INVITE');
  await pbx.gets(503);
  assert.ok(time.nowMs() - startMs <= seconds(12) + 10);
});

scenario(
  'A data centre that was silent once costs the calls that follow nothing, until it answers OPTIONS again',
  threeDataCentres(60),
  async ({ teamsOne, teamsTwo, teamsThree, pbx, time }) => {
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await teamsOne.gets('INVITE');
    await isBusy(teamsTwo, pbx);
    for (let call = 0; call < 2; call++) {
      const startMs = time.nowMs();
      await calls(pbx);
      await isBusy(teamsTwo, pbx);
      assert.ok(time.nowMs() - startMs < 100);
    }
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await isBusy(teamsOne, pbx);
  },
);

scenario(
  '503 with Retry-After holds a data centre for that long; good OPTIONS lift nothing early, the others serve',
  threeDataCentres(60),
  async ({ teamsOne, teamsTwo, teamsThree, pbx, time }) => {
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await teamsOne.gets('INVITE');
    await teamsOne.sends(503, { headers: { 'retry-after': '100' } });
    await isBusy(teamsTwo, pbx);
    const heldMs = time.nowMs();
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await isBusy(teamsTwo, pbx);
    await time.passes(heldMs + seconds(99) - time.nowMs());
    await calls(pbx);
    await isBusy(teamsTwo, pbx);
    await time.passes(heldMs + seconds(101) - time.nowMs());
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await isBusy(teamsOne, pbx);
  },
);

scenario(
  '503 with Retry-After to OPTIONS takes a data centre out for that long, whatever the next OPTIONS say',
  threeDataCentres(60),
  async ({ teamsOne, teamsTwo, teamsThree, pbx, time }) => {
    await teamsOne.gets('OPTIONS');
    await teamsOne.sends(503, { for: 'OPTIONS', headers: { 'retry-after': '120' } });
    const heldMs = time.nowMs();
    await answersOptions(teamsTwo, teamsThree);
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await isBusy(teamsTwo, pbx);
    await time.passes(heldMs + seconds(121) - time.nowMs());
    await answersOptions(teamsOne, teamsTwo, teamsThree);
    await calls(pbx);
    await isBusy(teamsOne, pbx);
  },
);

for (const status of [403, 404, 480, 484, 486, 488, 603]) {
  void test(`${status} of a data centre is final: one INVITE, and the PBX hears ${status}`, async () => {
    const { stage, finish, world } = raise(threeDataCentres());
    await isFinal(stage, status);
    await finish();
    assert.deepEqual(invitesOf(world), ['teamsOne']);
  });
}

async function isFinal({ teamsOne, teamsTwo, teamsThree, pbx }: Stage<Names>, status: number): Promise<void> {
  await calls(pbx);
  await teamsOne.gets('INVITE');
  await teamsOne.sends(status);
  await pbx.gets(status);
  await teamsTwo.getsNothing(minutes(1));
  await teamsThree.getsNothing();
}
