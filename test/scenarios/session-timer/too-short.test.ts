/** 422 Session Interval Too Small, said by us and to us (RFC 4028 §6, §7.3). */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp } from '../stories.ts';
import { agreeing, asking } from './openings.ts';

scenario('A PBX asks for 60 s, hears that we want 90, and asks again', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111', headers: asking('60') });
  await pbx.gets(100);
  await pbx.gets(422, { headers: { 'min-se': '90' } });
  await pbx.sends('INVITE', { to: '+4989111111', headers: asking('90') });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  await pbx.gets(200, { headers: agreeing('90;refresher=uac') });
  await pbx.sends('ACK');
  await teams.gets('ACK');
  await pbx.sends('INVITE', { headers: asking('60;refresher=uac') });
  await pbx.gets(100);
  await pbx.gets(422, { headers: { 'min-se': '90' } });
  await pbxHangsUp(stage);
});

scenario('Teams wants a longer session: the same call asks once more', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  const first = await teams.gets('INVITE', { headers: { 'session-expires': '1800' } });
  await teams.sends(422, { headers: { 'min-se': '3600' } });
  const second = await teams.gets('INVITE', { headers: { 'session-expires': '3600', 'min-se': '3600' } });
  assert.equal(second.headers['call-id'], first.headers['call-id']);
  assert.equal(second.headers.cseq.seq, first.headers.cseq.seq + 1);
  await teams.sends(200, { headers: agreeing('3600;refresher=uas') });
  await pbx.gets(200);
  await pbx.sends('ACK');
  await teams.gets('ACK');
  await pbxHangsUp(stage);
});

scenario('A PBX that is never content: one more try, and the caller hears 500', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(422, { headers: { 'min-se': '3600' } });
  await pbx.gets('INVITE');
  await pbx.sends(422, { headers: { 'min-se': '7200' } });
  await teams.gets(500);
});
