/** The stage of strangers.test.ts: a call between the known parties, and raw peers beside them that say what they like. */
import { test } from 'node:test';
import type { Message } from 'sip';
import type { Place, Station } from '../kit/network.ts';
import { pbxTrunk, routingState, SBC_ADDRESS, teamsTrunk } from '../kit/routing-state.ts';
import { raise, type Stage } from '../kit/scenario.ts';
import { pbxParty, teamsParty, type Setup } from '../kit/setups.ts';
import type { World } from '../kit/world.ts';

const OTHER_ADDRESS = '10.0.9.9';
export const NEIGHBOUR_ADDRESS = '10.0.0.66';

/** Two PBX trunks: what is of the second is a stranger to the calls of the first. */
function setup(maxCalls = 100): Setup<'teams' | 'pbx'> {
  const other = pbxTrunk({
    name: 'other',
    peers: [{ name: 'other', host: OTHER_ADDRESS, port: 5060 }],
    allowCIDRs: [`${OTHER_ADDRESS}/32`],
  });
  return {
    state: routingState({
      trunks: [teamsTrunk(), pbxTrunk({ allowCIDRs: ['10.0.0.0/24'] }), other],
      routes: [
        { from: 'pbx', to: ['teams'] },
        { from: 'other', to: ['teams'] },
        { from: 'teams', to: ['pbx'] },
      ],
      limits: { maxCalls, maxCallsPerSecond: 100 },
    }),
    parties: { teams: teamsParty(), pbx: pbxParty() },
  };
}

/** Sends text as it stands, and keeps what comes back. */
export class RawPeer {
  readonly heard: string[] = [];
  readonly #station: Station;
  readonly #world: World;

  constructor(world: World, address: string, trunk: string) {
    const place: Place = {
      address,
      port: 5060,
      protocol: 'UDP',
      hosts: [address],
      listener: 'pbx-udp',
      trunks: [trunk],
    };
    this.#world = world;
    this.#station = world.network.addStation(trunk, place);
    this.#station.onText = (text) => this.heard.push(text);
  }

  /** The statuses that came back for it, repeated ones once. */
  async asks(text: string): Promise<string> {
    const start = this.heard.length;
    this.#world.network.carryToSbc(this.#world.network.wireFrom(this.#station, false), text);
    await this.#world.passes(20);
    return [...new Set(this.heard.slice(start).map((each) => each.slice(8, 11)))].join(' ');
  }
}

interface Forged {
  readonly callId: string;
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
  readonly cseq: number | string;
  readonly branch?: string;
  readonly sentBy?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

const tagged = (user: string, tag: string | undefined) =>
  `<sip:${user}@10.0.0.2>${tag === undefined ? '' : `;tag=${tag}`}`;
let drawn = 0;

export function forge(method: string, forged: Forged): string {
  const { callId, fromTag, toTag, cseq, headers = [], body = '' } = forged;
  drawn += 1;
  return [
    `${method} sip:+4989111111@${SBC_ADDRESS}:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP ${forged.sentBy ?? '10.0.0.2:5060'};branch=${forged.branch ?? `z9hG4bKforged${drawn}`}`,
    ...(headers.some((line) => line.startsWith('Max-Forwards')) ? [] : ['Max-Forwards: 70']),
    `From: ${tagged('+493055555', fromTag)}`,
    `To: ${tagged('+4989111111', toTag)}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    'Contact: <sip:forger@10.0.9.9:5060>',
    ...headers,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

export const SDP =
  'v=0\r\no=- 1 1 IN IP4 10.0.9.9\r\ns=-\r\nc=IN IP4 10.0.9.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n';
export const firstInvite = (forged: Partial<Forged> = {}): string =>
  forge('INVITE', { callId: `new-${++drawn}`, fromTag: 'new', toTag: undefined, cseq: 1, body: SDP, ...forged });

/** Refused at once. */
export const LOOPING = ['Max-Forwards: 0'];

export interface Scene {
  readonly stage: Stage<'teams' | 'pbx'>;
  readonly world: World;
  /** Of another trunk. */
  readonly stranger: RawPeer;
  /** Of the same trunk, at another address. */
  readonly neighbour: RawPeer;
}

export function play(name: string, act: (scene: Scene) => Promise<void>, maxCalls?: number): void {
  void test(name, async () => {
    const { stage, world, finish } = raise(setup(maxCalls));
    await act({
      stage,
      world,
      stranger: new RawPeer(world, OTHER_ADDRESS, 'other'),
      neighbour: new RawPeer(world, NEIGHBOUR_ADDRESS, 'pbx'),
    });
    await finish();
  });
}

/** Of the first INVITE that the kit's PBX sends. */
export const FIRST_BRANCH = 'z9hG4bK-3';

interface Dialog {
  readonly callId: string;
  /** The PBX's. */
  readonly fromTag: string;
  /** Ours. */
  readonly toTag: string;
}

const dialogOf = ({ headers }: Message): Dialog => ({
  callId: headers['call-id'],
  fromTag: headers.from.params['tag']!,
  toTag: headers.to.params['tag']!,
});

/** The PBX calls, Teams answers. */
export async function talking({ stage: { teams, pbx } }: Scene): Promise<Dialog> {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  const ok = await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
  return dialogOf(ok);
}

export async function ringing({ stage: { teams, pbx } }: Scene): Promise<Dialog> {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(180);
  return dialogOf(await pbx.gets(180));
}

export async function isAnswered({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await teams.sends(200);
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
}
