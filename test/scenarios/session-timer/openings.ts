/** Calls in which one side has agreed on a session timer with us (RFC 4028), the other side on none. */
import type { Stage } from '../../kit/scenario.ts';

export type Parties = Stage<'teams' | 'pbx'>;

export const asking = (expires: string) => ({ supported: 'timer', 'session-expires': expires });
export const agreeing = (expires: string) => ({ require: 'timer', 'session-expires': expires });
export const expired = { reason: 'SIP;cause=408;text="Session expired"' };

/** Teams calls with this Session-Expires; returns the description that we answered with. */
export async function calledByTeams(stage: Parties, asked: string, agreed: string): Promise<string> {
  const { teams, pbx } = stage;
  await teams.sends('INVITE', { to: '+498912345', headers: asking(asked) });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(200);
  const ok = await teams.gets(200, { headers: agreeing(agreed) });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  return ok.content ?? '';
}

/** The PBX calls with this Session-Expires; returns the description that we answered with. */
export async function calledByPbx(stage: Parties, asked: string, agreed: string): Promise<string> {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111', headers: asking(asked) });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  const ok = await pbx.gets(200, { headers: agreeing(agreed) });
  await pbx.sends('ACK');
  await teams.gets('ACK');
  return ok.content ?? '';
}

const asksLikeUs = { supported: 'timer', 'session-expires': '1800', 'min-se': '90' };

/** We call Teams, which answers with this Session-Expires; returns the description that we offered. */
export async function callingTeams(stage: Parties, agreed: string): Promise<string> {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  const invite = await teams.gets('INVITE', { headers: asksLikeUs });
  await teams.sends(200, { headers: agreeing(agreed) });
  await pbx.gets(200, { headers: { 'session-expires': null, require: null } });
  await pbx.sends('ACK');
  await teams.gets('ACK');
  return invite.content ?? '';
}

/** We call the PBX, which answers with this Session-Expires; returns the description that we offered. */
export async function callingPbx(stage: Parties, agreed: string): Promise<string> {
  const { teams, pbx } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  const invite = await pbx.gets('INVITE', { headers: asksLikeUs });
  await pbx.sends(200, { headers: agreeing(agreed) });
  await teams.gets(200, { headers: { 'session-expires': null, require: null } });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  return invite.content ?? '';
}
