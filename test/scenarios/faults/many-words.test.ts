/** Over TLS a peer may say 64 KiB; to the other side, on UDP, nothing of it may keep a call from ending (docs/hostile-input.md). */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { talkingFromTeams } from '../stories.ts';

const endless = { reason: `SIP;cause=200;text="${'x'.repeat(60_000)}"` };
const manyTimes = { reason: Array.from({ length: 200 }, () => `Q.850;cause=16;text="${'x'.repeat(280)}"`).join(', ') };

scenario('Teams hangs up with 60 kB of reason: the PBX hears the BYE', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await talkingFromTeams(stage);
  await teams.sends('BYE', { headers: endless });
  await teams.gets(200);
  const bye = await pbx.gets('BYE');
  assert.equal(bye.headers['reason'], undefined);
  await pbx.sends(200);
});

scenario('Teams gives up with 60 kB of reason: the PBX hears the CANCEL', oneTrunkEach, async ({ teams, pbx }) => {
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(180);
  await teams.gets(180);
  await teams.sends('CANCEL', { headers: manyTimes });
  await teams.gets(200);
  await teams.gets(487);
  await pbx.gets('CANCEL');
  await pbx.sends(200);
  await pbx.sends(487);
});

scenario('Teams calls with 60 kB of people: the PBX gets an INVITE that it can read', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  const subject = 'x'.repeat(60_000);
  await teams.sends('INVITE', { to: '+498912345', headers: { subject, 'user-to-user': '0a0b;encoding=hex' } });
  await teams.gets(100);
  const invite = await pbx.gets('INVITE');
  assert.deepEqual([invite.headers['subject'], invite.headers['user-to-user']], [undefined, '0a0b;encoding=hex']);
  await pbx.sends(486);
  await teams.gets(486);
});

scenario('Twenty phones with early media: the relay hears of eight, and the answer', oneTrunkEach, async (stage) => {
  const { teams, pbx, relay } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await relay.got('offer');
  for (let phone = 0; phone < 20; phone++) {
    await pbx.sends(183, { answer: 'rtp-avp', toTag: `phone${phone}` });
    const status = phone < 8 ? 183 : 180;
    await (phone % 8 === 0 && phone < 16 ? teams.gets(status) : teams.getsAgain(status));
  }
  for (let phone = 0; phone < 8; phone++) await relay.got('answer');
  await pbx.sends(200, { toTag: 'phone19' });
  await pbx.gets('ACK');
  await teams.gets(200, { answer: 'srtp-sdes' });
  await teams.sends('ACK');
  await teams.sends('BYE');
  await teams.gets(200);
  await pbx.gets('BYE');
  await pbx.sends(200);
  await relay.got('answer');
  await relay.got('delete');
});
