/** CallRoutes: when the next destination gets the call, and when nobody does. */
import { scenario, seconds } from '../../kit/scenario.ts';
import { callRoute, routed, to } from './routed.ts';

const usual = routed([callRoute({ name: 'all', destinations: to('one', 'two') })]);
const withBusy = routed([callRoute({ name: 'all', destinations: to('one', 'two'), failover: [486, 404] })]);

for (const status of [408, 500, 502, 503, 504])
  scenario(
    `The first trunk says ${String(status)}: its other host is asked, then the second trunk`,
    usual,
    async ({ teams, pbxOne, pbxOther, pbxTwo }) => {
      await teams.sends('INVITE', { to: '+4989123' });
      await teams.gets(100);
      await pbxOne.gets('INVITE');
      await pbxOne.sends(status);
      await pbxOther.gets('INVITE');
      await pbxOther.sends(status);
      await pbxTwo.gets('INVITE');
      await pbxTwo.sends(status);
      await teams.gets(status);
    },
  );

for (const status of [403, 404, 486, 501, 600, 603])
  scenario(
    `The first trunk says ${String(status)}: that is the answer`,
    usual,
    async ({ teams, pbxOne, pbxOther, pbxTwo }) => {
      await teams.sends('INVITE', { to: '+4989123' });
      await teams.gets(100);
      await pbxOne.gets('INVITE');
      await pbxOne.sends(status);
      await teams.gets(status);
      await pbxOther.getsNothing();
      await pbxTwo.getsNothing();
    },
  );

scenario(
  '486 where the route lists it: the second trunk gets the call, the other host of the first does not',
  withBusy,
  async ({ teams, pbxOne, pbxOther, pbxTwo }) => {
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxOne.gets('INVITE');
    await pbxOne.sends(486);
    await pbxTwo.gets('INVITE');
    await pbxTwo.sends(404);
    await teams.gets(404);
    await pbxOther.getsNothing();
  },
);

scenario(
  '503 where the route does not list it: the other host of the trunk is asked, the second trunk is not',
  withBusy,
  async ({ teams, pbxOne, pbxOther, pbxTwo }) => {
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxOne.gets('INVITE');
    await pbxOne.sends(503);
    await pbxOther.gets('INVITE');
    await pbxOther.sends(503);
    await teams.gets(503);
    await pbxTwo.getsNothing();
  },
);

scenario(
  '603 ends the call, whatever a document lists',
  routed([callRoute({ name: 'all', destinations: to('one', 'two'), failover: [603] })]),
  async ({ teams, pbxOne, pbxTwo }) => {
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxOne.gets('INVITE');
    await pbxOne.sends(603);
    await teams.gets(603);
    await pbxTwo.getsNothing();
  },
);

scenario(
  'A trunk whose hosts refuse connections or say nothing: the second gets the call, the caller hears one 183 on the way',
  usual,
  async ({ teams, pbxOne, pbxOther, pbxTwo, time }) => {
    pbxOne.goesDown();
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxOther.gets('INVITE');
    await time.passes(seconds(2));
    await pbxTwo.gets('INVITE');
    await teams.gets(183);
    await pbxTwo.sends(200);
    await teams.gets(200);
    await teams.sends('ACK');
    await pbxTwo.gets('ACK');
    await teams.sends('BYE');
    await teams.gets(200);
    await pbxTwo.gets('BYE');
    await pbxTwo.sends(200);
  },
);

scenario('A phone has rung: a 503 behind it is the answer', usual, async ({ teams, pbxOne, pbxOther, pbxTwo }) => {
  await teams.sends('INVITE', { to: '+4989123' });
  await teams.gets(100);
  await pbxOne.gets('INVITE');
  await pbxOne.sends(180);
  await teams.gets(180);
  await pbxOne.sends(503);
  await teams.gets(503);
  await pbxOther.getsNothing();
  await pbxTwo.getsNothing();
});

scenario(
  'A trunk of which every host is down is tried after those that are not',
  routed([callRoute({ name: 'all', destinations: to('two', 'one') })]),
  async ({ teams, pbxOne, pbxTwo }) => {
    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxTwo.gets('INVITE');
    await pbxTwo.sends(503);
    await pbxOne.gets('INVITE');
    await pbxOne.sends(486);
    await teams.gets(486);

    await teams.sends('INVITE', { to: '+4989123' });
    await teams.gets(100);
    await pbxOne.gets('INVITE');
    await pbxOne.sends(486);
    await teams.gets(486);
    await pbxTwo.getsNothing();
  },
);
