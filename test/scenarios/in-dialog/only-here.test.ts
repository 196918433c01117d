/** What Teams must never hear (docs/teams-direct-routing.md, I-08): requests of the PBX that end at us. */
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromTeams } from '../stories.ts';

const dtmf = { type: 'application/dtmf-relay', content: 'Signal=5\r\nDuration=160\r\n' };
/** Towards Teams in every message that we write. */
const plain = { require: null, supported: 'timer', allow: 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY' };

scenario('INFO: empty it is 200, with digits 415, of an unknown package 469', oneTrunkEach, async (stage) => {
  const { pbx } = stage;
  await talkingFromTeams(stage);
  await pbx.sends('INFO');
  await pbx.gets(200);
  await pbx.sends('INFO', { body: dtmf });
  await pbx.gets(415, { headers: { accept: '' } });
  await pbx.sends('INFO', { headers: { 'info-package': 'dtmf' }, body: dtmf });
  await pbx.gets(469, { headers: { 'recv-info': '' } });
  await pbxHangsUp(stage);
});

scenario(
  'A PBX that uses UPDATE, PRACK, INFO, REFER, SUBSCRIBE and 100rel: Teams sees INVITE, ACK and BYE alone',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx } = stage;
    await pbx.sends('INVITE', {
      to: '+4989111111',
      headers: {
        require: '100rel, timer',
        supported: '100rel, timer, replaces',
        'session-expires': '90;refresher=uac',
      },
    });
    await pbx.gets(100);
    await teams.gets('INVITE', { headers: plain });
    await teams.sends(183, { answer: 'srtp-sdes' });
    const ringing = await pbx.gets(183);
    await pbx.sends('PRACK', { headers: { rack: `${String(ringing.headers['rseq'])} 1 INVITE` } });
    await pbx.gets(200);
    await pbx.sends('UPDATE');
    await pbx.gets(200);
    await pbx.sends('INFO');
    await pbx.gets(200);
    await teams.sends(200);
    await pbx.gets(200, {
      headers: { allow: 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, INFO, UPDATE, PRACK', supported: 'timer' },
    });
    await pbx.sends('ACK');
    await teams.gets('ACK');

    await pbx.sends('UPDATE', { headers: { supported: 'timer', 'session-expires': '90;refresher=uac' } });
    await pbx.gets(200);
    await pbx.sends('UPDATE', { offer: 'rtp-avp' });
    await pbx.gets(200);
    await pbx.sends('INFO', { body: dtmf });
    await pbx.gets(415);
    await pbx.sends('PRACK', { headers: { rack: '1 1 INVITE' } });
    await pbx.gets(481);
    await pbx.sends('REFER', { headers: { 'refer-to': '<sip:+4989222222@10.0.0.1>' } });
    await pbx.gets(405);
    await pbx.sends('SUBSCRIBE', { headers: { event: 'dialog' } });
    await pbx.gets(405);
    await pbx.sends('MESSAGE', { body: { type: 'text/plain', content: 'hello' } });
    await pbx.gets(405);
    await teams.getsNothing(seconds(1));

    await pbx.sends('UPDATE', { offer: 'rtp-avp', direction: 'sendonly' });
    await teams.gets('INVITE', { headers: plain, direction: 'inactive' });
    await teams.sends(200, { direction: 'inactive' });
    await teams.gets('ACK');
    await pbx.gets(200);
    await pbxHangsUp(stage);
  },
);

scenario('An answer to Teams offers nothing that it does not know either', oneTrunkEach, async (stage) => {
  const { teams, pbx } = stage;
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(180, { headers: { supported: '100rel' } });
  await teams.gets(180, { headers: { ...plain, rseq: null } });
  await pbx.sends(200);
  await teams.gets(200, { headers: plain });
  await teams.sends('ACK');
  await pbx.gets('ACK');
  await pbxHangsUp(stage);
});
