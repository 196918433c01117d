/** Three tenants behind one listener, each with a PBX of its own and the same numbers as the others. */
import assert from 'node:assert/strict';
import sip, { type Message } from 'sip';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { pbxParty, teamsParty, type PartySetup, type Setup } from '../../kit/setups.ts';

export interface Tenant {
  readonly name: 'Alpha' | 'Beta' | 'Gamma';
  /** A gateway of its own, one derived from a carrier's, and a domain of the customer's. */
  readonly fqdn: string;
  readonly pbx: 'pbxAlpha' | 'pbxBeta' | 'pbxGamma';
  readonly pbxAddress: string;
}

export const tenants: readonly Tenant[] = [
  { name: 'Alpha', fqdn: 'sbc-0.example.com', pbx: 'pbxAlpha', pbxAddress: '10.0.0.2' },
  { name: 'Beta', fqdn: 'beta.sbc-0.example.com', pbx: 'pbxBeta', pbxAddress: '10.0.1.2' },
  { name: 'Gamma', fqdn: 'voice.gamma.example', pbx: 'pbxGamma', pbxAddress: '10.0.2.2' },
];

const teamsName = (tenant: Tenant) => `teams-${tenant.name.toLowerCase()}`;
const pbxName = (tenant: Tenant) => `pbx-${tenant.name.toLowerCase()}`;

/** Microsoft is one and the same for all three: its connections may carry calls of each. */
function microsoft(): PartySetup {
  const { place, party } = teamsParty();
  return { place: { ...place, trunks: tenants.map(teamsName) }, party };
}

export const threeTenants: Setup<'teams' | Tenant['pbx']> = {
  state: routingState({
    trunks: tenants.flatMap((tenant) => [
      teamsTrunk({ name: teamsName(tenant), fqdns: [tenant.fqdn] }),
      pbxTrunk({
        name: pbxName(tenant),
        peers: [{ name: 'pbx', host: tenant.pbxAddress, port: 5060 }],
        allowCIDRs: [`${tenant.pbxAddress}/32`],
      }),
    ]),
    routes: tenants.flatMap((tenant) => [
      { from: teamsName(tenant), to: [pbxName(tenant)] },
      { from: pbxName(tenant), to: [teamsName(tenant)] },
    ]),
  }),
  parties: {
    teams: microsoft(),
    pbxAlpha: pbxParty('pbxAlpha', '10.0.0.2', 'pbx-alpha'),
    pbxBeta: pbxParty('pbxBeta', '10.0.1.2', 'pbx-beta'),
    pbxGamma: pbxParty('pbxGamma', '10.0.2.2', 'pbx-gamma'),
  },
};

/** Nothing in the message tells of another tenant: no name, no PBX. */
export function isOf(tenant: Tenant, message: Message): void {
  const text = sip.stringify(message);
  for (const other of tenants) {
    if (other === tenant) continue;
    // Beta's name ends as Alpha's does.
    const name = new RegExp(`(?<![\\w.-])${other.fqdn.replaceAll('.', '\\.')}`);
    assert.ok(!name.test(text), `${other.name} in a message of ${tenant.name}:\n${text}`);
    assert.ok(!text.includes(other.pbxAddress), `the PBX of ${other.name} in a message of ${tenant.name}:\n${text}`);
  }
}
