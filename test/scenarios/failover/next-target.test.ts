/** A target that cannot take a call: the next one gets it. */
import { scenario, seconds } from '../../kit/scenario.ts';
import { twoDataCentres, twoPbxs } from '../../kit/setups.ts';

scenario(
  'The first data centre refuses connections: the second gets the call',
  twoDataCentres,
  async ({ teamsOne, teamsTwo, pbx }) => {
    teamsOne.goesDown();
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teamsTwo.gets('INVITE', { uri: /@sip2\.pstnhub\.microsoft\.com/ });
    await teamsTwo.sends(486);
    await pbx.gets(486);
  },
);

scenario(
  'The first data centre says 503: the second gets the call',
  twoDataCentres,
  async ({ teamsOne, teamsTwo, pbx }) => {
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teamsOne.gets('INVITE', { uri: /@sip\.pstnhub\.microsoft\.com/ });
    await teamsOne.sends(503, { headers: { 'retry-after': '60' } });
    await teamsTwo.gets('INVITE');
    await teamsTwo.sends(486);
    await pbx.gets(486);
  },
);

scenario(
  'Retry-After holds a data centre down for the calls that follow',
  twoDataCentres,
  async ({ teamsOne, teamsTwo, pbx, time }) => {
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teamsOne.gets('INVITE');
    await teamsOne.sends(503, { headers: { 'retry-after': '60' } });
    await teamsTwo.gets('INVITE');
    await teamsTwo.sends(486);
    await pbx.gets(486);

    await time.passes(seconds(40));
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teamsTwo.gets('INVITE');
    await teamsTwo.sends(486);
    await pbx.gets(486);
  },
);

scenario(
  'A user who is busy is busy at every data centre: 486 does not fail over',
  twoDataCentres,
  async ({ teamsOne, teamsTwo, pbx }) => {
    await pbx.sends('INVITE', { to: '+4989111111' });
    await pbx.gets(100);
    await teamsOne.gets('INVITE');
    await teamsOne.sends(486);
    await pbx.gets(486);
    await teamsTwo.getsNothing();
  },
);

scenario('A caller who gives up between two targets is let go', twoPbxs, async ({ teams, pbxOne, pbxTwo }) => {
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbxOne.gets('INVITE');
  await teams.sends('CANCEL');
  await teams.gets(200);
  await teams.gets(487);
  await pbxTwo.getsNothing(seconds(40));
});
