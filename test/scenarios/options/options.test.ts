/** OPTIONS both ways: how Teams knows that we are alive, and we that it is. */
import { scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach, teamsParty, type Setup } from '../../kit/setups.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';

const probing: Setup<'teams'> = {
  state: routingState({ trunks: [teamsTrunk({ options: { periodSeconds: 60 } }), pbxTrunk()] }),
  parties: { teams: teamsParty() },
};

scenario('Teams gets OPTIONS with our FQDN in Contact, and again a minute later', probing, async ({ teams, time }) => {
  for (const round of [1, 2]) {
    await teams.gets('OPTIONS', {
      within: seconds(61),
      headers: { contact: /<sip:sbc-0\.example\.com:5061;transport=tls>/ },
    });
    await teams.sends(200, { for: 'OPTIONS' });
    if (round === 1) await time.passes(seconds(30));
  }
});

scenario('OPTIONS of Teams are answered 200 with our FQDN in Contact and an Allow', oneTrunkEach, async ({ teams }) => {
  await teams.sends('OPTIONS', { uri: 'sip:sbc-0.example.com:5061;transport=tls' });
  await teams.gets(200, { headers: { contact: /sbc-0\.example\.com/, allow: /INVITE/ } });
});

scenario('OPTIONS of the PBX are answered 200', oneTrunkEach, async ({ pbx }) => {
  await pbx.sends('OPTIONS', { uri: 'sip:203.0.113.10:5060' });
  await pbx.gets(200);
});
