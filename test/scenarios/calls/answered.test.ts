/** Calls that are answered, in both directions. */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';

scenario(
  'A Teams user calls a phone number and hangs up',
  oneTrunkEach,
  async ({ teams, pbx, relay, time, records }) => {
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE', { to: '+498912345', from: '+4989111111', offer: 'rtp-avp' });
    await relay.got('offer', { from: 'RTP/SAVP', to: 'RTP/AVP' });

    await pbx.sends(180);
    await teams.gets(180);

    await pbx.sends(200);
    await teams.gets(200, { answer: 'srtp-sdes' });
    await relay.got('answer', { from: 'RTP/AVP', to: 'RTP/SAVP' });
    await teams.sends('ACK');
    await pbx.gets('ACK');

    await time.passes(seconds(90));

    await teams.sends('BYE');
    await teams.gets(200);
    await pbx.gets('BYE');
    await pbx.sends(200);
    await relay.got('delete');
    assert.equal(records[0]?.end?.reason, 'normal-clearing');
  },
);

scenario('A phone calls a Teams user and hangs up', oneTrunkEach, async ({ teams, pbx, relay }) => {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE', { to: '+4989111111', from: '+493055555', offer: 'srtp-sdes' });
  await relay.got('offer', { from: 'RTP/AVP', to: 'RTP/SAVP' });

  await teams.sends(100);
  await teams.sends(180);
  await pbx.gets(180);
  await teams.sends(200);
  await pbx.gets(200, { answer: 'rtp-avp' });
  await pbx.sends('ACK');
  await teams.gets('ACK');

  await pbx.sends('BYE');
  await pbx.gets(200);
  await teams.gets('BYE');
  await teams.sends(200);
});

scenario('A Teams user is busy: the phone hears 486', oneTrunkEach, async ({ teams, pbx, relay }) => {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(486);
  await pbx.gets(486);
  await relay.got('offer');
  await relay.got('delete');
});

scenario('A phone gives up while Teams rings', oneTrunkEach, async ({ teams, pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(180);
  await pbx.gets(180);
  await pbx.sends('CANCEL');
  await pbx.gets(200);
  await pbx.gets(487);
  await teams.gets('CANCEL');
  await teams.sends(200);
  await teams.sends(487);
});
