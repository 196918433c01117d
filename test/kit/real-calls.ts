/** The real stage of demo and integration: `sbc local` between a Teams-side baresip, simulated data centres and a PBX baresip. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TeamsSimulator } from '../teams-simulator/teams-simulator.ts';
import { Baresip } from './baresip.ts';
import type { AddressBlock } from './free-address.ts';
import { FQDN, Ground, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ, TEAMS_NUMBER } from './ground.ts';
import type { LocalSbc } from './local-sbc.ts';
import { NameServer } from './name-server.ts';
import { listenTo, type Verdict } from './tone.ts';

export interface RealStage {
  readonly sbc: LocalSbc;
  /** Data centres sip2 and sip3; the baresip is sip. */
  readonly simulator: TeamsSimulator;
  readonly teams: Baresip;
  readonly pbx: Baresip;
  /** Ends everything, in an order that lets calls end first. */
  readonly stop: () => Promise<void>;
}

const DNS_PORT = 5053;

/**
 * Everything under `directory`: `manifests/`, `pki/`, `teams/`, `pbx/`.
 * @param runDirectory where the SBC's pods keep their files; absent: where `sbc local` would put them
 */
export async function raiseRealStage(
  directory: string,
  block: AddressBlock,
  runDirectory?: string,
): Promise<RealStage> {
  const ground = await Ground.lay(directory, block);
  const { at, pki } = ground;
  const [sip, ...others] = ground.dataCentres;
  const microsoft = await pki.microsoft([sip.address]);
  const simulator = new TeamsSimulator({
    dataCentres: others,
    identity: microsoft,
    trust: pki.root,
    hosts: { [FQDN]: at.sbc },
  });
  try {
    await ground.writeManifests([{ ip: sip.address, hostnames: [sip.host] }, ...simulator.hostAliases()]);
    const names = await NameServer.start(at.names, DNS_PORT, { [FQDN]: at.sbc });
    ground.endsWith(() => names.stop());
    await simulator.start();
    ground.endsWith(() => simulator.stop());
    const sbc = await ground.startSbc(runDirectory);
    const teams = await Baresip.start({
      name: 'Teams-side baresip',
      directory: ground.below('teams'),
      address: sip.address,
      accounts: [`sip:${TEAMS_NUMBER}@sip.pstnhub.microsoft.com`],
      // By its name, as Microsoft dials: the name is in the Contact of every answer as well.
      outbound: `sip:${FQDN}:5061;transport=tls`,
      nameServer: `${at.names}:${DNS_PORT}`,
      tone: ground.tone('teams', TEAMS_HERTZ),
      tls: { bothFile: microsoft.bothFile, rootFile: pki.rootFile },
    });
    ground.endsWith(() => teams.stop());
    const pbx = await ground.startPbx();
    return { sbc, simulator, teams, pbx, stop: () => ground.clear() };
  } catch (error) {
    await ground.clear();
    throw error;
  }
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
