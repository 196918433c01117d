/** Phone numbers on their way: E.164 towards Teams where the trunk says its country, unchanged towards the PBX. */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach, pbxParty, teamsParty, type Setup } from '../../kit/setups.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { pbxHangsUp } from '../stories.ts';

const german: Setup<'teams' | 'pbx'> = {
  state: routingState({ trunks: [teamsTrunk(), pbxTrunk({ country: 'DE' })] }),
  parties: { teams: teamsParty(), pbx: pbxParty() },
};

const dialled: [string, string, string, string][] = [
  ['a national number', '089111111', '+4989111111', '+493055555'],
  ['an international number', '0043512345678', '+43512345678', '+493055555'],
  ['a number with separators', '+49-(89)-111.111', '+4989111111', '+493055555'],
  ['a number with an extension', '089111111;ext=17', '+4989111111;ext=17', '+493055555'],
  ['an emergency number', '112', '112', '+493055555'],
  ['an extension', '4711', '4711', '+493055555'],
];
for (const [what, written, wanted, caller] of dialled) {
  scenario(`A PBX in DE dials ${what}: Teams reads ${wanted}, user=phone`, german, async (stage) => {
    const { teams, pbx } = stage;
    await pbx.sends('INVITE', { to: written, from: '03055555' });
    await pbx.gets(100);
    await teams.gets('INVITE', {
      uri: `sip:${wanted}@sip.pstnhub.microsoft.com:5061;user=phone`,
      from: caller,
      headers: { to: /;user=phone>/ },
    });
    await teams.sends(200);
    await pbx.gets(200);
    await pbx.sends('ACK');
    await teams.gets('ACK');
    await pbxHangsUp(stage);
  });
}

scenario(
  'A PBX without a country dials a national number: it passes as it is',
  oneTrunkEach,
  async ({ teams, pbx }) => {
    await pbx.sends('INVITE', { to: '089111111', from: '03055555' });
    await pbx.gets(100);
    await teams.gets('INVITE', {
      uri: 'sip:089111111@sip.pstnhub.microsoft.com:5061;user=phone',
      from: '03055555',
    });
    await teams.sends(486);
    await pbx.gets(486);
  },
);

for (const number of ['911', '112', '+493055555;ext=7', '089111111']) {
  scenario(`Teams dials ${number}: a PBX in DE gets it as it was written`, german, async ({ teams, pbx }) => {
    await teams.sends('INVITE', { to: number });
    await teams.gets(100);
    await pbx.gets('INVITE', { uri: `sip:${number}@10.0.0.2:5060`, from: '+4989111111' });
    await pbx.sends(486);
    await teams.gets(486);
  });
}

scenario(
  'A number of 256 characters reaches Teams whole, and stands in the record of the call as far as one reads',
  oneTrunkEach,
  async ({ teams, pbx, records }) => {
    const number = `+49${'1'.repeat(253)}`;
    await pbx.sends('INVITE', { to: number, from: number });
    await pbx.gets(100);
    await teams.gets('INVITE', { uri: `sip:${number}@sip.pstnhub.microsoft.com:5061;user=phone`, from: number });
    await teams.sends(404);
    await pbx.gets(404);
    const readable = `${number.slice(0, 127)}…`;
    assert.deepEqual([records[0]?.caller, records[0]?.called], [readable, readable]);
  },
);

for (const [who, parties, status] of [
  ['called', { to: `+49${'1'.repeat(254)}` }, 414],
  ['calling', { to: '+4989111111', from: `+49${'1'.repeat(254)}` }, 400],
] as const) {
  scenario(`A ${who} number of more than 256 characters is refused with ${status}`, oneTrunkEach, async (stage) => {
    const { teams, pbx } = stage;
    await pbx.sends('INVITE', parties);
    await pbx.gets(100);
    await pbx.gets(status);
    await teams.getsNothing();
  });
}
