/** Reliable provisional responses (RFC 3262) to a PBX that requires them; to Teams everything stays as it is. */
import assert from 'node:assert/strict';
import { scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp } from '../stories.ts';

type Parties = Stage<'teams' | 'pbx'>;

/** The PBX calls; Teams hears no word of 100rel. */
async function requiring({ teams, pbx }: Parties): Promise<void> {
  await pbx.sends('INVITE', { to: '+4989111111', headers: { require: '100rel' } });
  await pbx.gets(100);
  await teams.gets('INVITE', { headers: { require: null, supported: 'timer' } });
}

/** Our ringing; returns the RAck that acknowledges it. */
async function rings({ pbx }: Parties, status: number): Promise<string> {
  const ringing = await pbx.gets(status, { headers: { require: '100rel', rseq: /^\d+$/ } });
  return `${String(ringing.headers['rseq'])} ${ringing.headers.cseq.seq} INVITE`;
}

scenario('Ringing and early media are acknowledged, then the call is answered', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await requiring(stage);
  await teams.sends(180);
  await pbx.sends('PRACK', { headers: { rack: await rings(stage, 180) } });
  await pbx.gets(200, { headers: { cseq: /PRACK/ } });
  await teams.sends(183, { answer: 'srtp-sdes' });
  await pbx.sends('PRACK', { headers: { rack: await rings(stage, 183) } });
  await pbx.gets(200, { headers: { cseq: /PRACK/ } });
  await teams.sends(200);
  await pbx.gets(200, { answer: 'rtp-avp' });
  await pbx.sends('ACK');
  await teams.gets('ACK');
  await pbxHangsUp(stage);
});

scenario('Ringing is repeated until its PRACK comes', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await requiring(stage);
  await teams.sends(180);
  const rack = await rings(stage, 180);
  await pbx.getsAgain(180, 501);
  await pbx.getsAgain(180, 1001);
  await pbx.sends('PRACK', { headers: { rack: '1 1 INVITE' } });
  await pbx.gets(481);
  await pbx.sends('PRACK', { headers: { rack } });
  await pbx.gets(200);
  await teams.sends(486);
  await pbx.gets(486);
});

scenario('A PBX that never sends PRACK gets 504, and Teams is cancelled', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await requiring(stage);
  await teams.sends(180);
  await rings(stage, 180);
  await pbx.gets(504, { within: seconds(33) });
  await teams.gets('CANCEL');
  await teams.sends(200, { for: 'CANCEL' });
  await teams.sends(487, { for: 'INVITE' });
  assert.deepEqual(records[0]?.end, { result: 'caller-error', by: 'caller', reason: 'ack-timeout' });
});

scenario('An answer that overtakes the PRACK of early media waits for it', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await requiring(stage);
  await teams.sends(183, { answer: 'srtp-sdes' });
  const rack = await rings(stage, 183);
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.getsNothing(100);
  await pbx.sends('PRACK', { headers: { rack } });
  await pbx.gets(200, { headers: { cseq: /PRACK/ } });
  await pbx.gets(200, { headers: { cseq: /INVITE/ } });
  await pbx.sends('ACK');
  await pbxHangsUp(stage);
});

scenario('A PBX that cancels while the answer waits gets 487, and Teams is hung up', oneTrunkEach, async (stage) => {
  const { teams, pbx, records } = stage;
  await requiring(stage);
  await teams.sends(183, { answer: 'srtp-sdes' });
  await rings(stage, 183);
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.sends('CANCEL');
  await pbx.gets(200, { headers: { cseq: /CANCEL/ } });
  await pbx.gets(487, { headers: { cseq: /INVITE/ } });
  await teams.gets('BYE', { headers: { reason: /cause=487/ } });
  await teams.sends(200);
  assert.deepEqual(records[0]?.end, { result: 'success', by: 'caller', reason: 'cancelled', status: 487 });
});

scenario('A PBX that hangs up before its PRACK hears 487, and no more ringing', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await requiring(stage);
  await teams.sends(180);
  await rings(stage, 180);
  await pbx.sends('BYE');
  await pbx.gets(200, { headers: { cseq: /BYE/ } });
  await pbx.gets(487, { headers: { cseq: /INVITE/ } });
  await teams.gets('CANCEL');
  await teams.sends(200, { for: 'CANCEL' });
  await teams.sends(487, { for: 'INVITE' });
  await pbx.getsNothing(seconds(40));
});

scenario('Teams hangs up while the answer waits for the PRACK', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await requiring(stage);
  await teams.sends(183, { answer: 'srtp-sdes' });
  await rings(stage, 183);
  await teams.sends(200);
  await teams.gets('ACK');
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.gets(487);
});

scenario('A PBX that only supports 100rel is rung as ever', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111', headers: { supported: '100rel, timer' } });
  await pbx.gets(100);
  await teams.gets('INVITE', { headers: { require: null, supported: 'timer' } });
  await teams.sends(180);
  await pbx.gets(180, { headers: { require: null, rseq: null } });
  await teams.sends(486);
  await pbx.gets(486);
});

scenario('Teams could not acknowledge: a call of it that requires 100rel is refused', oneTrunkEach, async (stage) => {
  const { teams } = stage;
  await teams.sends('INVITE', { to: '+498912345', headers: { require: '100rel' } });
  await teams.gets(100);
  await teams.gets(420, { headers: { unsupported: '100rel' } });
});
