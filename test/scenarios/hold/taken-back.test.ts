/** An offer that is taken back after the other side has accepted it: that side is asked again with what holds (RFC 3261 §14.1). */
import { scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { pbxHangsUp, talkingFromPbx, talkingFromTeams } from '../stories.ts';

type Both = Stage<'teams' | 'pbx'>;

const withoutKey = {
  type: 'application/sdp',
  content:
    'v=0\r\no=- 9 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n',
};

/** The PBX holds, and Teams has our re-INVITE. */
async function holding({ teams, pbx }: Both): Promise<void> {
  await pbx.sends('INVITE', { direction: 'sendonly' });
  await pbx.gets(100);
  await teams.gets('INVITE', { direction: 'inactive' });
}

async function teamsIsFetchedBack({ teams }: Both): Promise<void> {
  await teams.gets('INVITE', { offer: 'srtp-sdes', direction: 'sendrecv' });
  await teams.sends(200, { direction: 'sendrecv' });
  await teams.gets('ACK');
  await teams.getsNothing(seconds(60));
}

scenario(
  'The PBX cancels its hold while the 200 of Teams is on its way: Teams is fetched back',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, network } = stage;
    await talkingFromTeams(stage);
    await holding(stage);
    network.delays(20, 'teams', 200);
    await teams.sends(200, { direction: 'inactive' });
    await pbx.sends('CANCEL');
    await pbx.gets(200);
    await pbx.gets(487);
    await teams.gets('ACK');
    await teamsIsFetchedBack(stage);
    await pbxHangsUp(stage);
  },
);

scenario(
  'The PBX cancels its hold while the relay works over the answer: Teams is fetched back',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, relay } = stage;
    await talkingFromTeams(stage);
    await holding(stage);
    relay.takes(200);
    await teams.sends(200, { direction: 'inactive' });
    await teams.gets('ACK');
    await pbx.sends('CANCEL');
    await pbx.gets(200);
    await pbx.gets(487);
    relay.takes(1);
    await teamsIsFetchedBack(stage);
    await pbxHangsUp(stage);
  },
);

for (const [what, answer] of [
  ['in words that the relay refuses', { body: withoutKey }],
  ['without a word about media', { answer: 'none' as const }],
] as const) {
  scenario(
    `Teams accepts a hold ${what}: the PBX hears 488, and Teams is fetched back`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx } = stage;
      await talkingFromPbx(stage);
      await holding(stage);
      await teams.sends(200, answer);
      await teams.gets('ACK');
      await pbx.gets(488);
      await teamsIsFetchedBack(stage);
      await pbxHangsUp(stage);
    },
  );
}

scenario(
  'Teams accepts a hold after we gave it up: the relay hears of its answer, and Teams is fetched back',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, time } = stage;
    await talkingFromPbx(stage);
    await holding(stage);
    await teams.sends(100);
    await time.passes(seconds(32) - 10);
    await pbx.gets(500);
    await teams.gets('CANCEL');
    await teams.sends(200, { for: 'CANCEL' });
    await teams.sends(200, { direction: 'inactive' });
    await teams.gets('ACK');
    await teamsIsFetchedBack(stage);
    await pbxHangsUp(stage);
  },
);

scenario(
  'The PBX cancels its hold and holds again before the 200 of Teams is in: it hears 491, and Teams is fetched back',
  oneTrunkEach,
  async (stage) => {
    const { teams, pbx, network } = stage;
    await talkingFromTeams(stage);
    await holding(stage);
    network.delays(20, 'teams', 200);
    await teams.sends(200, { direction: 'inactive' });
    await pbx.sends('CANCEL');
    await pbx.gets(200);
    await pbx.gets(487);
    await pbx.sends('INVITE', { direction: 'sendonly' });
    await pbx.gets(100);
    // Teams has not acknowledged the first one yet.
    await pbx.gets(491);
    await teams.gets('ACK');
    await teamsIsFetchedBack(stage);
    await pbxHangsUp(stage);
  },
);
