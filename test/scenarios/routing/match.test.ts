/** CallRoutes: which one a call meets, and what happens where it meets none. */
import assert from 'node:assert/strict';
import { scenario } from '../../kit/scenario.ts';
import { callRoute, policy, routed, routedState, to } from './routed.ts';

const byNumber = routed([
  callRoute({ name: 'munich', from: 'teams', called: [{ prefix: '+4989' }], destinations: to('one') }),
  callRoute({ name: 'berlin', from: 'teams', called: [{ pattern: '+4930(1|2).{3,8}' }], destinations: to('two') }),
  callRoute({ name: 'emergency', priority: 1, called: [{ exact: '112' }], destinations: to('two') }),
  callRoute({ name: 'service', called: [{ prefix: '11' }], destinations: to('one') }),
  callRoute({ name: 'out', from: 'two', calling: [{ prefix: '+4930' }], destinations: to('teams') }),
]);

for (const [number, party] of [
  ['+49891234', 'pbxOne'],
  ['+49301234567', 'pbxTwo'],
  ['+49302999;ext=7', 'pbxTwo'],
  ['112', 'pbxTwo'],
  ['116117', 'pbxOne'],
] as const) {
  scenario(`Teams dials ${number}: its route leads to ${party}`, byNumber, async ({ teams, [party]: pbx }) => {
    await teams.sends('INVITE', { to: number });
    await teams.gets(100);
    await pbx.gets('INVITE', { uri: new RegExp(`^sip:${number.replace('+', '\\+')}@`) });
    await pbx.sends(486);
    await teams.gets(486);
  });
}

for (const number of ['+4930312345', '+4930123', '+4940123456', '911'])
  scenario(
    `Teams dials ${number}, which no route is for: 404`,
    byNumber,
    async ({ teams, pbxOne, pbxTwo, records }) => {
      await teams.sends('INVITE', { to: number });
      await teams.gets(100);
      await teams.gets(404);
      await pbxOne.getsNothing();
      await pbxTwo.getsNothing();
      assert.equal(records.length, 0);
    },
  );

scenario('A route may ask where the call comes from, and who calls', byNumber, async ({ teams, pbxOne, pbxTwo }) => {
  await pbxTwo.sends('INVITE', { to: '+4989111111', from: '+493055555' });
  await pbxTwo.gets(100);
  await teams.gets('INVITE');
  await teams.sends(486);
  await pbxTwo.gets(486);

  await pbxTwo.sends('INVITE', { to: '+4989111111', from: '+494055555' });
  await pbxTwo.gets(100);
  await pbxTwo.gets(404);

  await pbxOne.sends('INVITE', { to: '+4989111111', from: '+493055555' });
  await pbxOne.gets(100);
  await pbxOne.gets(404);
});

scenario(
  'A route that refuses says so in its own words, before any other is looked at',
  routed([
    callRoute({
      name: 'premium',
      priority: 10,
      called: [{ pattern: '+49(0?900).*' }],
      reject: { status: 403, phrase: 'Premium Numbers Are Barred' },
    }),
    callRoute({ name: 'all', destinations: to('one') }),
  ]),
  async ({ teams, pbxOne }) => {
    await teams.sends('INVITE', { to: '+49900123456' });
    await teams.gets(100);
    assert.equal((await teams.gets(403)).reason, 'Premium Numbers Are Barred');
    await pbxOne.getsNothing();
  },
);

scenario(
  'A route that has lost all its trunks answers 503 and leaves no call to the next route',
  routed([
    callRoute({ name: 'lost', priority: 10, called: [{ prefix: '+49' }] }),
    callRoute({ name: 'all', destinations: to('one') }),
  ]),
  async ({ teams, pbxOne }) => {
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await teams.gets(503);
    await pbxOne.getsNothing();
  },
);

scenario(
  'A number that its policy has no rule for is refused, where the policy says so',
  routed(
    [callRoute({ name: 'all', calledPolicy: 'national', destinations: to('one') })],
    [policy('national', [{ pattern: '+49(.*)', replacement: '0$1' }], { noMatch: 'Reject' })],
  ),
  async ({ teams, pbxOne }) => {
    await teams.sends('INVITE', { to: '+4312345' });
    await teams.gets(100);
    await teams.gets(404);
    await pbxOne.getsNothing();
  },
);

scenario(
  'A route that changes while a phone rings: that call keeps its destination, the next takes the new one',
  routed([callRoute({ name: 'all', from: 'teams', destinations: to('one', 'two') })]),
  async ({ teams, pbxOne, pbxTwo, sbc }) => {
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxOne.gets('INVITE', { uri: /^sip:\+4989123@10\.0\.0\.2/ });
    sbc.apply(
      routedState(
        [callRoute({ name: 'all', from: 'teams', calledPolicy: 'short', destinations: to('two') })],
        [policy('short', [{ pattern: '+4989(.*)', replacement: '$1' }])],
      ),
    );
    await pbxOne.sends(200);
    await teams.gets(200);
    await teams.sends('ACK');
    await pbxOne.gets('ACK');
    await teams.sends('BYE');
    await pbxOne.gets('BYE');
    await pbxOne.sends(200);
    await teams.gets(200);

    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxTwo.gets('INVITE', { uri: /^sip:123@10\.0\.0\.3/ });
    await pbxTwo.sends(486);
    await teams.gets(486);
  },
);
