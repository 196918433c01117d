/** Two customers below a carrier's trunk, over the same two data centres: only the carrier sends OPTIONS, and all know what they say. */
import type { Party } from '../../kit/party.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { scenario, seconds } from '../../kit/scenario.ts';
import { pbxParty, twoDataCentres, type PartySetup, type Setup } from '../../kit/setups.ts';

const dataCentres = ['sip', 'sip2'].map((name) => ({ host: `${name}.pstnhub.microsoft.com`, port: 5061 }));
const ofAll = ({ place, party }: PartySetup): PartySetup => ({
  place: { ...place, trunks: ['carrier', 'first', 'second'] },
  party,
});
const customer = (name: string) =>
  teamsTrunk({ name, dataCentres, fqdns: [`${name}.sbc-0.example.com`], options: { periodSeconds: 0 } });
const officeOf = (name: string, address: string) =>
  pbxTrunk({ name, peers: [{ name: 'pbx', host: address, port: 5060 }], allowCIDRs: [`${address}/32`] });

const carrierAndTwo: Setup<'teamsOne' | 'teamsTwo' | 'pbxOne' | 'pbxTwo'> = {
  state: routingState({
    trunks: [
      teamsTrunk({ name: 'carrier', dataCentres, options: { periodSeconds: 60 } }),
      ...[customer('first'), customer('second')],
      ...[officeOf('office-one', '10.0.0.2'), officeOf('office-two', '10.0.0.3')],
    ],
    routes: [
      { from: 'office-one', to: ['first'] },
      { from: 'office-two', to: ['second'] },
    ],
  }),
  parties: {
    teamsOne: ofAll(twoDataCentres.parties.teamsOne),
    teamsTwo: ofAll(twoDataCentres.parties.teamsTwo),
    pbxOne: pbxParty('pbxOne', '10.0.0.2', 'office-one'),
    pbxTwo: pbxParty('pbxTwo', '10.0.0.3', 'office-two'),
  },
};

async function calls(pbx: Party): Promise<void> {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
}

/** It gets the call at once, in the customer's name. */
async function isBusy(teams: Party, pbx: Party, name: string): Promise<void> {
  const contact = `<sip:${name}.sbc-0.example.com:5061;transport=tls>`;
  await teams.gets('INVITE', { within: 100, headers: { contact } });
  await teams.sends(486);
  await pbx.gets(486);
}

async function answersOptions(...parties: readonly Party[]): Promise<void> {
  for (const party of parties) {
    await party.gets('OPTIONS', { within: seconds(65) });
    await party.sends(200, { for: 'OPTIONS' });
  }
}

scenario(
  "A data centre that is silent to the carrier's OPTIONS costs no call of a customer anything, until it answers again",
  carrierAndTwo,
  async ({ teamsOne, teamsTwo, pbxOne, pbxTwo, time }) => {
    await teamsOne.gets('OPTIONS');
    await answersOptions(teamsTwo);
    await time.passes(seconds(33));
    await calls(pbxOne);
    await isBusy(teamsTwo, pbxOne, 'first');
    await calls(pbxTwo);
    await isBusy(teamsTwo, pbxTwo, 'second');
    await answersOptions(teamsOne, teamsTwo);
    await calls(pbxTwo);
    await isBusy(teamsOne, pbxTwo, 'second');
  },
);

scenario(
  'What a call of one customer meets, the calls of the other know: silence, and 503 with Retry-After',
  carrierAndTwo,
  async ({ teamsOne, teamsTwo, pbxOne, pbxTwo, time }) => {
    await answersOptions(teamsOne, teamsTwo);
    await calls(pbxOne);
    await teamsOne.gets('INVITE');
    await teamsOne.sends(503, { headers: { 'retry-after': '20' } });
    await isBusy(teamsTwo, pbxOne, 'first');
    await calls(pbxTwo);
    await isBusy(teamsTwo, pbxTwo, 'second');
    await time.passes(seconds(21));
    await calls(pbxTwo);
    await teamsOne.gets('INVITE');
    await time.passes(seconds(4));
    await isBusy(teamsTwo, pbxTwo, 'second');
    await calls(pbxOne);
    await isBusy(teamsTwo, pbxOne, 'first');
  },
);
