/** Beginnings that many scenarios share. */
import type { Stage } from '../kit/scenario.ts';

/** The PBX calls, Teams answers. */
export async function talkingFromPbx({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE', { to: '+4989111111' });
  await teams.sends(180);
  await pbx.gets(180);
  await teams.sends(200);
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
}

/** Teams calls, the PBX answers. */
export async function talkingFromTeams({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(180);
  await teams.gets(180);
  await pbx.sends(200);
  await teams.gets(200);
  await teams.sends('ACK');
  await pbx.gets('ACK');
}

/** Teams hangs up. */
export async function teamsHangsUp({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.gets('BYE');
  await pbx.sends(200);
}

/** The PBX hangs up. */
export async function pbxHangsUp({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await pbx.sends('BYE');
  await pbx.gets(200);
  await teams.gets('BYE');
  await teams.sends(200);
}
