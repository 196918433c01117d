/** Teams holds for as long as it likes, and every way of two re-INVITEs meeting each other (D-04, F-16, D-11). */
import assert from 'node:assert/strict';
import type { Message } from 'sip';
import { minutes, scenario, seconds } from '../../kit/scenario.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { asksFor, bothDirections, hangsUp, talking } from '../directions.ts';

/** Port and address of the SBC's media. */
const mediaPlace = ({ content = '' }: Message): string =>
  `${/^m=audio \d+/m.exec(content)?.[0] ?? 'none'} ${/^c=.*$/m.exec(content)?.[0] ?? 'none'}`;

for (const direction of bothDirections) {
  scenario(
    `${direction.from} has called, Teams holds with inactive for ten minutes and resumes: nobody hangs up, media stays where it is`,
    oneTrunkEach,
    async (stage) => {
      const { teams, pbx, time, records } = stage;
      await talking(stage, direction);
      const places = new Set<string>();
      for (let times = 0; times < 3; times += 1) {
        places.add(mediaPlace(await asksFor('inactive', teams, pbx)));
        await Promise.all([teams.getsNothing(minutes(5)), pbx.getsNothing(minutes(5))]);
        await time.passes(minutes(5));
        places.add(mediaPlace(await asksFor('sendrecv', teams, pbx)));
        await time.passes(seconds(30));
      }
      // Teams: media that moves is never sent to, although it was agreed.
      assert.equal(places.size, 1, [...places].join(', '));
      assert.deepEqual(records, []);
      await hangsUp(pbx, teams);
    },
  );

  for (const [first, second] of [
    ['teams', 'pbx'],
    ['pbx', 'teams'],
  ] as const) {
    scenario(
      `${direction.from} has called: ${first} holds, and ${second} a moment later: 491 to ${second}, which tries again and is heard`,
      oneTrunkEach,
      async (stage) => {
        const [winner, loser] = [stage[first], stage[second]];
        await talking(stage, direction);
        await winner.sends('INVITE', { direction: 'inactive' });
        await loser.sends('INVITE', { direction: 'inactive' });
        await winner.gets(100);
        await loser.gets(100);
        await loser.gets(491);
        await loser.gets('INVITE', { direction: 'inactive' });
        await loser.sends(200, { direction: 'inactive' });
        await loser.gets('ACK');
        await winner.gets(200);
        await winner.sends('ACK');
        // RFC 3261 §14.1: between 2.1 and 4 s where it made the Call-ID, below 2 s where not.
        await stage.time.passes(direction.from === second ? 2100 : 1000);
        await asksFor('sendrecv', loser, winner);
        await hangsUp(winner, loser);
      },
    );

    scenario(
      `${direction.from} has called: ${first} holds while a re-INVITE of ${second} is on its way to us: 491 crosses, and the second try is heard`,
      oneTrunkEach,
      async (stage) => {
        const [asking, asked] = [stage[first], stage[second]];
        await talking(stage, direction);
        await asking.sends('INVITE', { direction: 'inactive' });
        await asking.gets(100);
        await asked.gets('INVITE');
        // Its own re-INVITE was under way when ours came: both say 491.
        await asked.sends('INVITE', { direction: 'inactive' });
        await asked.sends(491, { for: 'INVITE' });
        await asked.gets(100);
        await asked.gets(491);
        await asking.gets(491);
        await stage.time.passes(direction.from === first ? 2100 : 1000);
        await asksFor('inactive', asking, asked);
        await hangsUp(asked, asking);
      },
    );
  }
}
