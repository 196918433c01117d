/**
 * Names, never addresses, where Teams reads who we are. Every message that the Teams party gets, in every scenario, is
 * checked (`test/kit/teams-fault.ts`); these stories are about nothing else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peersOf } from '../../../sbc-runtime/src/peers/peers-of.ts';
import { serialize } from '../../../sbc-runtime/src/sip/serialize.ts';
import { routingState, teamsTrunk, pbxTrunk } from '../../kit/routing-state.ts';
import { scenario, seconds } from '../../kit/scenario.ts';
import { teamsParty, twoDataCentres, pbxParty, type Setup } from '../../kit/setups.ts';
import { teamsFault } from '../../kit/teams-fault.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams, teamsHangsUp } from '../stories.ts';

const ours = { contact: '<sip:sbc-0.example.com:5061;transport=tls>' };
const viaOurs = { via: /^SIP\/2\.0\/TLS sbc-0\.example\.com:5061;/ };
const probing: Setup<'teams' | 'pbx'> = {
  state: routingState({ trunks: [teamsTrunk({ options: { periodSeconds: 180 } }), pbxTrunk()] }),
  parties: { teams: teamsParty(), pbx: pbxParty() },
};

scenario('Names stand in OPTIONS both ways, calls both ways, hold, refusal and CANCEL', probing, async (stage) => {
  const { teams, pbx } = stage;
  await teams.gets('OPTIONS', { within: seconds(10), headers: { ...ours, ...viaOurs } });
  await teams.sends(200, { for: 'OPTIONS' });
  await teams.sends('OPTIONS', { to: 'sbc' });
  await teams.gets(200, { headers: ours });

  await talkingFromPbx(stage);
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await pbx.gets(100);
  await teams.gets('INVITE', { direction: 'inactive', headers: { ...ours, ...viaOurs } });
  await teams.sends(200, { direction: 'inactive' });
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK', { headers: viaOurs });
  await pbxHangsUp(stage);

  await talkingFromTeams(stage);
  await teams.sends('OPTIONS');
  await teams.gets(200, { headers: ours });
  await teamsHangsUp(stage);

  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE', { headers: { ...ours, ...viaOurs } });
  await teams.sends(180);
  await pbx.gets(180);
  await pbx.sends('CANCEL');
  await pbx.gets(200);
  await pbx.gets(487);
  await teams.gets('CANCEL', { headers: viaOurs });
  await teams.sends(200);
  await teams.sends(487);

  await teams.sends('INVITE', { to: '+493055555' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(486);
  await teams.gets(486);
});

scenario('Names stand in what the next data centre gets', twoDataCentres, async ({ teamsOne, teamsTwo, pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teamsOne.gets('INVITE', { headers: { ...ours, ...viaOurs } });
  await teamsOne.sends(503);
  await teamsTwo.gets('INVITE', { headers: { ...ours, ...viaOurs } });
  await teamsTwo.sends(486);
  await pbx.gets(486);
});

for (const bindAddress of ['127.0.0.1', '0.0.0.0', '::', '10.0.0.7']) {
  test(`Bound to ${bindAddress}, we are still our name towards Teams`, () => {
    const teams = peersOf(routingState(), { podName: 'sbc-0', bindAddress, userAgent: 'test' }).get('teams');
    const [target] = teams?.targets ?? [];
    assert.ok(teams && target);
    const { identity } = teams;
    assert.deepEqual([identity.contact, identity.sentBy], [ours.contact, 'sbc-0.example.com:5061']);
    const options = teams.options(target);
    options.headers.set('Call-ID', 'x').set('CSeq', '1 OPTIONS');
    assert.equal(teamsFault(serialize(options)), undefined);
    const parties = { called: '+49891', caller: '+49301', displayName: undefined, headers: [], maxForwards: 70 };
    const { requestUri, from, to } = teams.invite(parties, target);
    assert.equal(teamsFault(`INVITE ${requestUri} SIP/2.0\r\nFrom: ${from}\r\nTo: ${to}\r\n\r\n`), undefined);
  });
}
