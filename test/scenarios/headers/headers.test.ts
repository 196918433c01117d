/** What crosses from one side to the other in headers, and what must not. */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach, teamsParty, type Setup } from '../../kit/setups.ts';

const anonymous = [
  'sip:anonymous@anonymous.invalid',
  'sip:Anonymous@sip.pstnhub.microsoft.com;user=phone',
  'sip:anonymous.invalid',
  'sip:sip.pstnhub.microsoft.com:5061',
  'sip:unavailable@unknown.invalid',
];
for (const uri of anonymous) {
  scenario(`Teams hides the caller as ${uri}: the PBX reads anonymous, and Privacy`, oneTrunkEach, async (stage) => {
    const { teams, pbx } = stage;
    await teams.sends('INVITE', { to: '+493055555', from: uri, headers: { privacy: 'id' } });
    await teams.gets(100);
    await pbx.gets('INVITE', {
      headers: { from: /<sip:anonymous@anonymous\.invalid>/, privacy: 'id' },
    });
    await pbx.sends(486);
    await teams.gets(486);
  });
}

scenario('The PBX hides the caller: Teams reads anonymous', oneTrunkEach, async ({ teams, pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111', from: 'sip:anonymous@10.0.0.2', headers: { privacy: 'id' } });
  await pbx.gets(100);
  await teams.gets('INVITE', { headers: { from: /<sip:anonymous@anonymous\.invalid>/, privacy: 'id' } });
  await teams.sends(486);
  await pbx.gets(486);
});

scenario('Teams calls a URI without a user: so does the SBC', oneTrunkEach, async ({ teams, pbx }) => {
  const uri = 'sip:sbc-0.example.com:5061;transport=tls;x-m=8:orgid:e0a0e5a4-5c8f-4f37-9f3e-5f5d6b0a2f10';
  await teams.sends('INVITE', { to: '', uri });
  await teams.gets(100);
  await pbx.gets('INVITE', { uri: 'sip:10.0.0.2:5060' });
  await pbx.sends(486);
  await teams.gets(486);
});

const CONTACT = 'sip:api-du-a-euwe.pstnhub.microsoft.com:443;x-m=8:orgid:e0a0;x-i=b712d12c-77e8;x-c=a35ae5ea/d/8/4b';
const { place, party } = teamsParty();
const colons: Setup<'teams' | 'pbx'> = {
  ...oneTrunkEach,
  parties: {
    ...oneTrunkEach.parties,
    teams: { place, party: { ...party, identity: { ...party.identity, contact: CONTACT } } },
  },
};

scenario('A Contact with colons in its parameters comes back as it was written', colons, async ({ teams, pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111;ext=7' });
  await pbx.gets(100);
  await teams.gets('INVITE', { to: '+4989111111;ext=7' });
  await teams.sends(200);
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK', { uri: CONTACT });
  await pbx.sends('BYE');
  await pbx.gets(200);
  await teams.gets('BYE', { uri: CONTACT });
  await teams.sends(200);
});

scenario('Replaces, routes and the like of a PBX do not reach Teams', oneTrunkEach, async ({ teams, pbx }) => {
  const own = {
    replaces: '12345@10.0.0.2;to-tag=abc;from-tag=def',
    'record-route': '<sip:10.0.0.9;lr>',
    path: '<sip:10.0.0.9;lr>',
    'x-pbx-secret': '10.0.0.2',
    server: 'PBX 10.0.0.2',
    supported: 'replaces',
  };
  await pbx.sends('INVITE', { to: '+4989111111', headers: own });
  await pbx.gets(100);
  const invite = await teams.gets('INVITE', {
    headers: { replaces: null, 'record-route': null, path: null, 'x-pbx-secret': null, server: null },
  });
  assert.ok(!JSON.stringify(invite.headers).includes('10.0.0.'));
  await teams.sends(486);
  await pbx.gets(486);
});

scenario('A Record-Route of Teams comes back in 18x and 200, and none of ours with it', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  const route = /^<sip:sip-du-a-euwe\.pstnhub\.microsoft\.com:5061;transport=tls;lr>$/;
  await teams.sends('INVITE', { to: '+493055555' });
  await teams.gets(100);
  await pbx.gets('INVITE', { headers: { 'record-route': null } });
  await pbx.sends(180);
  await teams.gets(180, { headers: { 'record-route': route, contact: '<sip:sbc-0.example.com:5061;transport=tls>' } });
  await pbx.sends(200);
  await teams.gets(200, { headers: { 'record-route': route, contact: '<sip:sbc-0.example.com:5061;transport=tls>' } });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.gets('BYE');
  await pbx.sends(200);
});

scenario('A PBX calls a sips: URI: Teams reads sip:', oneTrunkEach, async ({ teams, pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111', uri: 'sips:+4989111111@203.0.113.10' });
  await pbx.gets(100);
  await teams.gets('INVITE', { uri: 'sip:+4989111111@sip.pstnhub.microsoft.com:5061;user=phone' });
  await teams.sends(486);
  await pbx.gets(486);
});
