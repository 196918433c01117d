/** CallRoutes: numbers that are rewritten on their way, both of them and in both directions. */
import { scenario } from '../../kit/scenario.ts';
import { callRoute, policy, routed, to } from './routed.ts';

const german = routed(
  [
    callRoute({
      name: 'in',
      from: 'one',
      calledPolicy: 'to-e164',
      callingPolicy: 'to-e164',
      destinations: to('teams'),
    }),
    callRoute({
      name: 'out',
      from: 'teams',
      calledPolicy: 'to-national',
      callingPolicy: 'switchboard',
      destinations: to('one', 'two'),
    }),
  ],
  [
    policy('to-e164', [
      { pattern: '00(.*)', replacement: '+$1' },
      { pattern: '0(.*)', replacement: '+49$1' },
      { pattern: '[1-9]\\d{2}', replacement: '+49305555$0' },
    ]),
    policy('to-national', [
      { pattern: '+49(.*)', replacement: '0$1' },
      { pattern: '+(.*)', replacement: '00$1' },
    ]),
    policy('switchboard', [{ pattern: '.*', replacement: '+493055550' }]),
  ],
);

for (const [dialled, called, from, caller] of [
  ['089111111', '+4989111111', '123', '+49305555123'],
  ['0043123456', '+43123456', '03055555', '+493055555'],
  ['089111111;ext=17', '+4989111111;ext=17', '+49305555', '+49305555'],
  ['112', '+49305555112', '03055555', '+493055555'],
] as const) {
  scenario(`${from} dials ${dialled}: Teams reads ${caller} and ${called}`, german, async ({ teams, pbxOne }) => {
    await pbxOne.sends('INVITE', { to: dialled, from });
    await pbxOne.gets(100);
    await teams.gets('INVITE', {
      uri: `sip:${called}@sip.pstnhub.microsoft.com:5061;user=phone`,
      from: caller,
      headers: { to: new RegExp(`sip:${called.replace('+', '\\+')}@`) },
    });
    await teams.sends(486);
    await pbxOne.gets(486);
  });
}

scenario('Teams dials: every destination reads national numbers, also the second', german, async (stage) => {
  const { teams, pbxOne, pbxTwo } = stage;
  await teams.sends('INVITE', { to: '+4930123', from: '+4989111111' });
  await teams.gets(100);
  await pbxOne.gets('INVITE', { uri: 'sip:030123@10.0.0.2:5060', from: '+493055550' });
  await pbxOne.sends(500);
  await stage.pbxOther.gets('INVITE', { uri: 'sip:030123@10.0.0.4:5060', from: '+493055550' });
  await stage.pbxOther.sends(500);
  await pbxTwo.gets('INVITE', { uri: 'sip:030123@10.0.0.3:5060', from: '+493055550' });
  await pbxTwo.sends(486);
  await teams.gets(486);
});

const hiding = routed(
  [callRoute({ name: 'out', from: 'teams', callingPolicy: 'hide', destinations: to('one') })],
  [policy('hide', [{ pattern: '.*', replacement: '' }])],
);

scenario('A policy that leaves nothing of the caller hides number and name', hiding, async ({ teams, pbxOne }) => {
  await teams.sends('INVITE', {
    to: '+4930123',
    headers: { from: '"Alice" <sip:+4989111111@sip.pstnhub.microsoft.com>;tag=teams-tag-2' },
  });
  await teams.gets(100);
  await pbxOne.gets('INVITE', { headers: { from: /^<sip:anonymous@anonymous\.invalid>/ } });
  await pbxOne.sends(486);
  await teams.gets(486);
});

const longer = routed(
  [callRoute({ name: 'out', from: 'teams', calledPolicy: 'longer', destinations: to('one') })],
  [policy('longer', [{ pattern: '.*', replacement: '$0'.repeat(5) }])],
);

scenario('A number that a policy makes too long for a URI is refused', longer, async ({ teams, pbxOne }) => {
  await teams.sends('INVITE', { to: '1'.repeat(52) });
  await teams.gets(100);
  await teams.gets(414);
  await pbxOne.getsNothing();
});

scenario('Who hides stays hidden', german, async ({ teams, pbxOne }) => {
  await teams.sends('INVITE', { to: '+4930123', from: 'anonymous' });
  await teams.gets(100);
  await pbxOne.gets('INVITE', {
    uri: 'sip:030123@10.0.0.2:5060',
    headers: { from: /sip:anonymous@anonymous\.invalid/ },
  });
  await pbxOne.sends(486);
  await teams.gets(486);
});
