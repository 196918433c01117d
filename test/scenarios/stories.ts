/** Beginnings and ends that many scenarios share, by name. */
import type { Stage } from '../kit/scenario.ts';
import { hangsUp, pbxCalls, talking, teamsCalls } from './directions.ts';

type Both = Stage<'teams' | 'pbx'>;

/** The PBX calls, Teams answers. */
export async function talkingFromPbx(stage: Both): Promise<void> {
  await talking(stage, pbxCalls);
}

/** Teams calls, the PBX answers. */
export async function talkingFromTeams(stage: Both): Promise<void> {
  await talking(stage, teamsCalls);
}

export const teamsHangsUp = ({ teams, pbx }: Both): Promise<void> => hangsUp(teams, pbx);

export const pbxHangsUp = ({ teams, pbx }: Both): Promise<void> => hangsUp(pbx, teams);
