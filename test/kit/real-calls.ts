/** The real stage of demo and integration: `sbc local` between a Teams-side baresip, simulated data centres and a PBX baresip. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { Baresip } from './baresip.ts';
import type { AddressBlock } from './free-address.ts';
import { FQDN, Ground, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ, TEAMS_NUMBER } from './ground.ts';
import type { LocalSbc } from './local-sbc.ts';
import { NameServer } from './name-server.ts';
import { listenTo, type Verdict } from './tone.ts';

/** The parts on a ground that somebody else has laid and clears. */
export interface RealParts {
  readonly sbc: LocalSbc;
  /** Data centres sip2 and sip3; the baresip is sip. */
  readonly simulator: TeamsSimulator;
  readonly teams: Baresip;
  readonly pbx: Baresip;
}

export interface RealStage extends RealParts {
  /** Ends everything, in an order that lets calls end first. */
  readonly stop: () => Promise<void>;
}

export interface RealOptions {
  /** Where the SBC's pods keep their files. @default where `sbc local` would put them */
  readonly runDirectory?: string;
  /** Manifests that differ from the ground's own, written before the start. */
  readonly prepare?: () => Promise<void> | void;
}

const DNS_PORT = 5053;

/** Everything under `directory`: `manifests/`, `pki/`, `teams/`, `pbx/`. */
export async function raiseRealStage(directory: string, block: AddressBlock): Promise<RealStage> {
  const ground = await Ground.lay(directory, block);
  try {
    return { ...(await raiseRealParts(ground)), stop: () => ground.clear() };
  } catch (error) {
    await ground.clear();
    throw error;
  }
}

export async function raiseRealParts(ground: Ground, { runDirectory, prepare }: RealOptions = {}): Promise<RealParts> {
  const { at, pki } = ground;
  const [sip, ...others] = ground.dataCentres;
  const identity = await pki.microsoft([sip.address]);
  const simulator = new TeamsSimulator({ dataCentres: others, identity, trust: pki.root, hosts: { [FQDN]: at.sbc } });
  await ground.writeManifests([{ ip: sip.address, hostnames: [sip.host] }, ...simulator.hostAliases()]);
  await prepare?.();
  const names = await NameServer.start(at.names, DNS_PORT, { [FQDN]: at.sbc });
  ground.endsWith(() => names.stop());
  await simulator.start();
  ground.endsWith(() => simulator.stop());
  // Before the SBC: a phone that is not there yet at the first OPTIONS is down for a whole period, and calls go to sip2.
  const teams = await Baresip.start({
    name: 'Teams-side baresip',
    directory: ground.below('teams'),
    address: sip.address,
    accounts: [`sip:${TEAMS_NUMBER}@${sip.host}`],
    // By its name, as Microsoft dials: the name is in the Contact of every answer as well.
    outbound: `sip:${FQDN}:5061;transport=tls`,
    nameServer: `${at.names}:${DNS_PORT}`,
    tone: ground.tone('teams', TEAMS_HERTZ),
    tls: { bothFile: identity.bothFile, rootFile: pki.rootFile },
  });
  ground.endsWith(() => teams.stop());
  const pbx = await ground.startPbx();
  const sbc = await ground.startSbc(runDirectory);
  return { sbc, simulator, teams, pbx };
}

export interface HeardCall {
  readonly atTeams: Verdict;
  readonly atPbx: Verdict;
}

/** One call of a few seconds; resolves with what each end has heard of the other's tone. */
export async function callOnce(stage: RealStage, from: 'teams' | 'pbx', talkMs = 4000): Promise<HeardCall> {
  const { teams, pbx } = stage;
  const caller = from === 'teams' ? teams : pbx;
  const callee = from === 'teams' ? pbx : teams;
  const uri = from === 'teams' ? `sip:${PBX_NUMBER}@${FQDN}:5061` : `sip:${TEAMS_NUMBER}@${FQDN}:5060`;
  await caller.dial(uri);
  await Promise.all([caller.waitFor('CALL_ESTABLISHED'), callee.waitFor('CALL_ESTABLISHED')]);
  await sleep(talkMs);
  await caller.hangUp();
  await callee.waitFor('CALL_CLOSED');
  // baresip closes its recording when the call's memory goes, a moment after it says so.
  await sleep(300);
  return {
    atTeams: listenTo(teams.recordings().heard.at(-1) ?? '', PBX_HERTZ),
    atPbx: listenTo(pbx.recordings().heard.at(-1) ?? '', TEAMS_HERTZ),
  };
}
