/** More INVITEs than anybody can take: they are turned away without a trace, and a running call is held and ended meanwhile (J-03). */
import assert from 'node:assert/strict';
import { scenario, seconds } from '../../kit/scenario.ts';
import type { Setup } from '../../kit/setups.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { routingState } from '../../kit/routing-state.ts';
import { asksFor, bothDirections, hangsUp, talking } from '../directions.ts';

const MAX_TRANSACTIONS = 200;

const small: Setup<'teams' | 'pbx'> = {
  ...oneTrunkEach,
  state: routingState({ limits: { maxCalls: 1, maxCallsPerSecond: 1000 } }),
  maxTransactions: MAX_TRANSACTIONS,
};

/** Nobody acknowledges the answers: each refusal is kept for 32 s, as long as there is room. */
const invite = (nth: number): string =>
  [
    'INVITE sip:+4989111111@203.0.113.10:5060 SIP/2.0',
    `Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK-flood-${nth};rport`,
    'Max-Forwards: 70',
    `From: <sip:+493055555@10.0.0.2>;tag=flood-${nth}`,
    'To: <sip:+4989111111@203.0.113.10>',
    `Call-ID: flood-${nth}`,
    'CSeq: 1 INVITE',
    'Contact: <sip:pbx@10.0.0.2:5060>',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

for (const direction of bothDirections) {
  scenario(
    `${direction.from} has called, and the PBX floods us with INVITEs beyond its share of the transactions: the call is held, resumed and ended all the same`,
    small,
    async (stage) => {
      const { teams, pbx, sbc, time } = stage;
      await talking(stage, direction);
      pbx.ignores((message) => message.headers['call-id'].startsWith('flood-'));
      for (let nth = 0; nth < 2 * MAX_TRANSACTIONS; nth += 1) await pbx.sendsText(invite(nth));
      await time.passes(5);
      const { transactions } = sbc.size();
      assert.ok(transactions >= 0.6 * MAX_TRANSACTIONS && transactions < 0.7 * MAX_TRANSACTIONS, `${transactions}`);
      await asksFor('inactive', teams, pbx);
      await asksFor('sendrecv', pbx, teams);
      await hangsUp(pbx, teams);
      await time.passes(seconds(40));
      await talking(stage, direction);
      await hangsUp(teams, pbx);
    },
  );
}

const options = (nth: number): string =>
  invite(nth).replace('INVITE', 'OPTIONS').replace('CSeq: 1 INVITE', 'CSeq: 1 OPTIONS');

for (const direction of bothDirections) {
  scenario(
    `The PBX floods us with OPTIONS: each is answered and none is kept, and ${direction.from} calls meanwhile`,
    small,
    async (stage) => {
      const { teams, pbx, sbc, time } = stage;
      let answered = 0;
      pbx.ignores((message) => {
        const isOfFlood = message.headers['call-id'].startsWith('flood-');
        if (isOfFlood && message.status === 200) answered += 1;
        return isOfFlood;
      });
      const { transactions: before } = sbc.size();
      for (let nth = 0; nth < 2 * MAX_TRANSACTIONS; nth += 1) await pbx.sendsText(options(nth));
      await time.passes(5);
      assert.deepEqual([answered, sbc.size().transactions], [2 * MAX_TRANSACTIONS, before]);
      await talking(stage, direction);
      await hangsUp(teams, pbx);
    },
  );
}
