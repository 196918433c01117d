/** For ladders that must hold whoever calls: Teams the PBX, or the PBX Teams. */
import type { Message } from 'sip';
import type { Party } from '../kit/party.ts';
import type { Stage } from '../kit/scenario.ts';

type Name = 'teams' | 'pbx';

export interface Direction {
  readonly from: Name;
  readonly to: Name;
  /** What is called. */
  readonly number: string;
}

export const teamsCalls: Direction = { from: 'teams', to: 'pbx', number: '+498912345' };
export const pbxCalls: Direction = { from: 'pbx', to: 'teams', number: '+4989111111' };
export const bothDirections: readonly Direction[] = [teamsCalls, pbxCalls];

export interface Sides {
  readonly caller: Party;
  readonly callee: Party;
}

export const sidesOf = (stage: Stage<Name>, { from, to }: Direction): Sides => ({
  caller: stage[from],
  callee: stage[to],
});

/** The callee has the INVITE and rings. `call` names it on both sides. */
export async function ringing(stage: Stage<Name>, direction: Direction, call?: string): Promise<Sides> {
  const sides = sidesOf(stage, direction);
  const { caller, callee } = sides;
  const named = call === undefined ? {} : { call };
  await caller.sends('INVITE', { to: direction.number, ...named });
  await caller.gets(100);
  await callee.gets('INVITE', { to: direction.number, ...named });
  await callee.sends(180);
  await caller.gets(180);
  return sides;
}

export async function talking(stage: Stage<Name>, direction: Direction, call?: string): Promise<Sides> {
  const sides = await ringing(stage, direction, call);
  const { caller, callee } = sides;
  await callee.sends(200);
  await callee.gets('ACK');
  await caller.gets(200);
  await caller.sends('ACK');
  await stage.time.passes(2);
  return sides;
}

/** `one` hangs up its newest call, or the one with this name. */
export async function hangsUp(one: Party, other: Party, call?: string): Promise<void> {
  await one.sends('BYE', call === undefined ? {} : { call });
  await one.gets(200);
  await other.gets('BYE');
  await other.sends(200);
}

/** `one` re-INVITEs with this direction, and the other side agrees. The answer that `one` gets. */
export async function asksFor(direction: 'inactive' | 'sendrecv', one: Party, other: Party): Promise<Message> {
  await one.sends('INVITE', { direction });
  await one.gets(100);
  await other.gets('INVITE', { direction });
  await other.sends(200, { direction });
  const answer = await one.gets(200, { direction });
  await one.sends('ACK');
  await other.gets('ACK');
  return answer;
}
