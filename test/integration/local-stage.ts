/** The ground of each test in this folder: a block of addresses and a directory that go when the test ends, and the parts most tests want on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Baresip } from '../kit/baresip.ts';
import { freeBlock, type AddressBlock } from '../kit/free-address.ts';
import { FQDN, Ground, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ } from '../kit/ground.ts';
import type { LocalSbc } from '../kit/local-sbc.ts';
import { raiseRealParts } from '../kit/real-calls.ts';
import { TeamsSimulator, type TeamsSimulatorOptions } from '../teams-simulator/teams-simulator.ts';
import { hears, Pod } from './local-observe.ts';

export interface LaidGround {
  readonly block: AddressBlock;
  readonly directory: string;
  readonly ground: Ground;
}

export async function layGround(t: TestContext): Promise<LaidGround> {
  const block = await freeBlock();
  const directory = mkdtempSync(join(tmpdir(), 'sbc-'));
  const ground = await Ground.lay(directory, block);
  t.after(async () => {
    await ground.clear();
    block.release();
    rmSync(directory, { recursive: true, force: true });
  });
  return { block, directory, ground };
}

export interface SimulatedStage extends LaidGround {
  readonly simulator: TeamsSimulator;
  readonly sbc: LocalSbc;
  readonly pod: Pod;
}

export interface SimulatedStageOptions {
  readonly simulator?: Partial<TeamsSimulatorOptions>;
  /** Manifests that differ from the ground's own, written before the start. */
  readonly prepare?: (ground: LaidGround) => Promise<void> | void;
}

/** Microsoft's three data centres are simulated, the SBC is ready; the PBX is the test's own. */
export async function raiseSimulatedStage(
  t: TestContext,
  { simulator: options = {}, prepare }: SimulatedStageOptions = {},
): Promise<SimulatedStage> {
  const laid = await layGround(t);
  const { directory, ground } = laid;
  const simulator = new TeamsSimulator({
    dataCentres: ground.dataCentres,
    identity: await ground.pki.microsoft(),
    trust: ground.pki.root,
    hosts: { [FQDN]: ground.at.sbc },
    optionsPeriodMs: 0,
    ...options,
  });
  await simulator.start();
  ground.endsWith(() => simulator.stop());
  await ground.writeManifests(simulator.hostAliases());
  await prepare?.(laid);
  const sbc = await ground.startSbc(join(directory, 'run'));
  return { ...laid, simulator, sbc, pod: new Pod(sbc, ground.at.sbc) };
}

export interface SoundStage extends SimulatedStage {
  /** Data centre sip, with sound; sip2 and sip3 are simulated. */
  readonly teams: Baresip;
  readonly pbx: Baresip;
}

/** The real parts of the kit, with the ground in the test's hands: for tests that change it. */
export async function raiseSoundStage(t: TestContext, prepare?: SimulatedStageOptions['prepare']): Promise<SoundStage> {
  const laid = await layGround(t);
  const { directory, ground } = laid;
  const parts = await raiseRealParts(ground, {
    runDirectory: join(directory, 'run'),
    ...(prepare === undefined ? {} : { prepare: () => prepare(laid) }),
  });
  return { ...laid, ...parts, pod: new Pod(parts.sbc, ground.at.sbc) };
}

/** Teams' phone calls the PBX's; returns once each hears the other. */
export async function talk({ teams, pbx }: SoundStage): Promise<void> {
  const [atTeams, atPbx] = [teams, pbx].map((phone) => phone.recordings().heard.length);
  await teams.dial(`sip:${PBX_NUMBER}@${FQDN}:5061`);
  await Promise.all([teams.waitFor('CALL_ESTABLISHED'), pbx.waitFor('CALL_ESTABLISHED')]);
  await Promise.all([hears(teams, PBX_HERTZ, atTeams), hears(pbx, TEAMS_HERTZ, atPbx)]);
}
