/** Who stands on the stage of a scenario: the document of the SBC and the parties around it. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { WaitProbe } from '../../sbc-runtime/src/b2bua/call-gate.ts';
import type { Clock } from '../../sbc-runtime/src/kernel/clock.ts';
import type { Credentials } from '../../sbc-runtime/src/sip/digest.ts';
import type { Place } from './network.ts';
import type { PartyOptions } from './party.ts';
import {
  PBX_ADDRESS,
  pbxTrunk,
  routingState,
  SBC_ADDRESS,
  SBC_FQDN,
  TEAMS_ADDRESS,
  teamsTrunk,
} from './routing-state.ts';

export interface PartySetup {
  readonly place: Place;
  readonly party: PartyOptions;
}

export interface Setup<Name extends string> {
  readonly state: RoutingState;
  readonly parties: Readonly<Record<Name, PartySetup>>;
  /** Of the SBC. @default the transaction room's */
  readonly maxTransactions?: number;
  /** Tells the SBC how late it is. @default nothing does */
  readonly probe?: (clock: Clock) => WaitProbe;
  /** What trunks log in with, by name. @default nothing */
  readonly logins?: Readonly<Record<string, Credentials>>;
}

const PROXY = 'sip-du-a-euwe.pstnhub.microsoft.com';

/** Microsoft: TLS, names in upper case, a proxy in its Record-Route, new connections within dialogs. */
export function teamsParty(
  name = 'teams',
  host = 'sip.pstnhub.microsoft.com',
  address = TEAMS_ADDRESS,
  proxy = PROXY,
): PartySetup {
  return {
    place: {
      address,
      port: 5061,
      protocol: 'TLS',
      hosts: [host, proxy, address],
      listener: 'teams-tls',
      trunks: ['teams'],
      otherAddresses: ['52.114.75.24', '52.112.33.7'],
    },
    party: {
      name,
      identity: {
        number: '+4989111111',
        domain: 'sip.pstnhub.microsoft.com:5061;user=phone',
        contact:
          'sip:api-du-a-euwe.pstnhub.microsoft.com:443;x-i=b712d12c-77e8-4017-b50d-6d321507aa28;x-c=a35ae5ea/d/8/4b30e770',
        recordRoute: `<sip:${proxy}:5061;transport=tls;lr>`,
        sbcUri: (user) => `sip:${user}@${SBC_FQDN}:5061;user=phone;transport=tls`,
        via: { protocol: 'TLS', host: address, port: 5061 },
        writesUpperCase: true,
      },
      mediaKind: 'srtp-sdes',
      mediaAddress: '52.112.0.50',
      dialsAnew: true,
    },
  };
}

/** A PBX on UDP with plain RTP. */
export function pbxParty(name = 'pbx', address = PBX_ADDRESS, trunk = 'pbx'): PartySetup {
  return {
    place: { address, port: 5060, protocol: 'UDP', hosts: [address], listener: 'pbx-udp', trunks: [trunk] },
    party: {
      name,
      identity: {
        number: '+493055555',
        domain: address,
        contact: `sip:pbx@${address}:5060`,
        sbcUri: (user) => `sip:${user}@${SBC_ADDRESS}:5060`,
        via: { protocol: 'UDP', host: address, port: 5060 },
        writesUpperCase: false,
      },
      mediaKind: 'rtp-avp',
      mediaAddress: address,
      dialsAnew: false,
    },
  };
}

/** Teams on one side, one PBX on the other. */
export const oneTrunkEach: Setup<'teams' | 'pbx'> = {
  state: routingState(),
  parties: { teams: teamsParty(), pbx: pbxParty() },
};

/** One trunk with two PBXs, tried in this order. */
export const twoPbxs: Setup<'teams' | 'pbxOne' | 'pbxTwo'> = {
  state: routingState({
    trunks: [
      teamsTrunk(),
      pbxTrunk({
        peers: [
          { name: 'one', host: '10.0.0.2', port: 5060 },
          { name: 'two', host: '10.0.0.3', port: 5060 },
        ],
        allowCIDRs: ['10.0.0.0/24'],
      }),
    ],
  }),
  parties: { teams: teamsParty(), pbxOne: pbxParty('pbxOne', '10.0.0.2'), pbxTwo: pbxParty('pbxTwo', '10.0.0.3') },
};

/** Two data centres of Microsoft, tried in this order. */
export const twoDataCentres: Setup<'teamsOne' | 'teamsTwo' | 'pbx'> = {
  state: routingState({
    trunks: [
      teamsTrunk({
        dataCentres: [
          { host: 'sip.pstnhub.microsoft.com', port: 5061 },
          { host: 'sip2.pstnhub.microsoft.com', port: 5061 },
        ],
      }),
      pbxTrunk(),
    ],
  }),
  parties: {
    teamsOne: teamsParty('teamsOne'),
    teamsTwo: teamsParty('teamsTwo', 'sip2.pstnhub.microsoft.com', '52.114.75.24'),
    pbx: pbxParty(),
  },
};

/** Microsoft's three data centres, tried in this order. */
export function threeDataCentres(optionsSeconds = 0): Setup<'teamsOne' | 'teamsTwo' | 'teamsThree' | 'pbx'> {
  const dataCentres = ['sip', 'sip2', 'sip3'].map((name) => ({ host: `${name}.pstnhub.microsoft.com`, port: 5061 }));
  return {
    state: routingState({
      trunks: [teamsTrunk({ dataCentres, options: { periodSeconds: optionsSeconds } }), pbxTrunk()],
    }),
    parties: {
      teamsOne: teamsParty('teamsOne'),
      teamsTwo: teamsParty(
        'teamsTwo',
        'sip2.pstnhub.microsoft.com',
        '52.114.75.24',
        'sip-du-a-usea.pstnhub.microsoft.com',
      ),
      teamsThree: teamsParty(
        'teamsThree',
        'sip3.pstnhub.microsoft.com',
        '52.114.7.24',
        'sip-du-a-asse.pstnhub.microsoft.com',
      ),
      pbx: pbxParty(),
    },
  };
}
