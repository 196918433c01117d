/** What the PBX sees of Teams' 18x under each policy of the trunk (I-17, F-19): Microsoft's 183 may hold nothing but silence. */
import { scenario } from '../../kit/scenario.ts';
import { oneTrunkEach, type Setup } from '../../kit/setups.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import type { Stage } from '../../kit/scenario.ts';
import { pbxHangsUp } from '../stories.ts';

type Policy = 'Pass' | 'FirstOnly' | 'Strip';

const under = (earlyMedia: Policy): Setup<'teams' | 'pbx'> => ({
  ...oneTrunkEach,
  state: routingState({ trunks: [teamsTrunk({ earlyMedia }), pbxTrunk()] }),
});

async function calls({ teams, pbx }: Stage<'teams' | 'pbx'>): Promise<void> {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
}

async function answers(stage: Stage<'teams' | 'pbx'>): Promise<void> {
  const { teams, pbx } = stage;
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200, { answer: 'rtp-avp' });
  await pbx.sends('ACK');
  await pbxHangsUp(stage);
}

scenario('Pass: 180 and 183 reach the PBX as Teams sends them', under('Pass'), async (stage) => {
  const { teams, pbx } = stage;
  await calls(stage);
  await teams.sends(180);
  await pbx.gets(180, { answer: 'none' });
  await teams.sends(183, { answer: 'srtp-sdes' });
  await pbx.gets(183, { answer: 'rtp-avp' });
  await answers(stage);
});

scenario(
  'FirstOnly: the 183 behind a 180 does not silence the ringing tone of the PBX',
  under('FirstOnly'),
  async (stage) => {
    const { teams, pbx } = stage;
    await calls(stage);
    await teams.sends(180);
    await pbx.gets(180);
    await teams.sends(183, { answer: 'srtp-sdes' });
    await teams.sends(180, { toTag: 'mobile' });
    await pbx.getsNothing();
    await answers(stage);
  },
);

scenario('FirstOnly: a 183 that comes first is heard, and nothing behind it', under('FirstOnly'), async (stage) => {
  const { teams, pbx } = stage;
  await calls(stage);
  await teams.sends(183, { answer: 'srtp-sdes' });
  await pbx.gets(183, { answer: 'rtp-avp' });
  await teams.sends(180);
  await pbx.getsNothing();
  await answers(stage);
});

scenario(
  'FirstOnly: of two 183 in one breath one is heard, however slow the relay',
  under('FirstOnly'),
  async (stage) => {
    const { teams, pbx, relay } = stage;
    await calls(stage);
    relay.takes(50);
    await teams.sends(183, { answer: 'srtp-sdes', toTag: 'desk' });
    await teams.sends(183, { answer: 'srtp-sdes', toTag: 'mobile' });
    await teams.sends(180);
    await pbx.gets(183);
    await pbx.getsNothing();
    await answers(stage);
  },
);

scenario('Strip: a 183 with silent media becomes a 180, and the PBX rings by itself', under('Strip'), async (stage) => {
  const { teams, pbx, relay } = stage;
  await calls(stage);
  await relay.got('offer');
  await teams.sends(183, { answer: 'srtp-sdes' });
  await pbx.gets(180, { answer: 'none' });
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200, { answer: 'rtp-avp' });
  await relay.got('answer');
  await pbx.sends('ACK');
  await pbxHangsUp(stage);
});
