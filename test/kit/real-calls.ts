/** The real stage of demo and integration: `sbc local` between a Teams-side baresip, simulated data centres and a PBX baresip. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { Baresip } from './baresip.ts';
import type { AddressBlock } from './free-address.ts';
import { FQDN, Ground, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ, TEAMS_NUMBER } from './ground.ts';
import type { LocalSbc } from './local-sbc.ts';
import { NameServer } from './name-server.ts';
import { listen, readWav, type Recording, type Verdict } from './tone.ts';

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

/** A machine that does much else keeps sound away for seconds; else two and a half are enough. */
const PATIENCE_MS = 15_000;
const LISTEN_AGAIN_MS = 100;

/** One call, until each end has heard the other's tone or nobody would wait for it any longer; resolves with what they have heard. */
export async function callOnce(stage: RealStage, from: 'teams' | 'pbx'): Promise<HeardCall> {
  const { teams, pbx } = stage;
  const caller = from === 'teams' ? teams : pbx;
  const callee = from === 'teams' ? pbx : teams;
  const uri = from === 'teams' ? `sip:${PBX_NUMBER}@${FQDN}:5061` : `sip:${TEAMS_NUMBER}@${FQDN}:5060`;
  const atTeams = newRecording(teams);
  const atPbx = newRecording(pbx);
  await caller.dial(uri);
  await Promise.all([caller.waitFor('CALL_ESTABLISHED'), callee.waitFor('CALL_ESTABLISHED')]);
  const listens = () => ({ atTeams: listen(atTeams(), PBX_HERTZ), atPbx: listen(atPbx(), TEAMS_HERTZ) });
  const endMs = performance.now() + PATIENCE_MS;
  let heard = listens();
  while (!(heard.atTeams.heard && heard.atPbx.heard) && performance.now() < endMs) {
    await sleep(LISTEN_AGAIN_MS);
    heard = listens();
  }
  await caller.hangUp();
  await callee.waitFor('CALL_CLOSED');
  return heard;
}

/** Of the call that comes next: silence until baresip begins it. */
function newRecording(phone: Baresip): () => Recording {
  const earlier = phone.recordings().heard.length;
  return () => {
    const path = phone.recordings().heard[earlier];
    return path === undefined ? { rate: 8000, samples: new Int16Array(0) } : readWav(path);
  };
}
