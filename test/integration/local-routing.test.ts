/** CallRoutes and a NumberPolicy in the directory of `sbc local`: real calls follow them, and their changes. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FQDN, TEAMS_NUMBER } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk } from '../kit/manifests.ts';
import { eventAfter } from './local-observe.ts';
import { raiseSimulatedStage } from './local-stage.ts';

const route = (name: string, spec: string): string => `apiVersion: teams-sbc.dev/v1alpha1
kind: CallRoute
metadata: {name: ${name}}
spec:
  sbcRef: {name: sbc}
${spec}`;

const toNetwork = (action: string): string =>
  route(
    'to-network',
    `  match: {from: {kind: TeamsTrunk, name: teams}, calledNumbers: [{pattern: '+49.*'}]}\n${action}`,
  );

/** The first trunk is nobody; the second is the phone, which knows its number as +493055555. */
const overBoth = `  translate: {called: {policyRef: {name: to-phone}}}
  destinations:
    - {kind: PbxTrunk, name: nobody, priority: 0}
    - {kind: PbxTrunk, name: pbx, priority: 1}
`;

const policy = `apiVersion: teams-sbc.dev/v1alpha1
kind: NumberPolicy
metadata: {name: to-phone}
spec:
  sbcRef: {name: sbc}
  rules:
    - {name: short, pattern: '+4930(55)', replacement: '+4930$1555'}
`;

test('calls follow the CallRoutes of the directory, by number, over failover, and as they change', async (t) => {
  const { block, ground, sbc, pod, simulator } = await raiseSimulatedStage(t, {
    prepare: ({ ground: laid, block: own }) => {
      const write = (file: string, text: string) => writeManifest(laid.below('manifests'), file, text);
      const nobody = own.address(40);
      const trunk = { name: 'nobody', peers: [`${nobody}:5060`], allowCIDRs: [`${nobody}/32`], optionsSeconds: 0 };
      write('nobody.yaml', pbxTrunk(trunk));
      write('policy.yaml', policy);
      write('routes.yaml', toNetwork(overBoth));
    },
  });
  const phone = await ground.startPbx();
  const manifests = ground.below('manifests');
  const isApplied = (event: { event: string }) => event.event === 'applied';
  const callFromTeams = (to: string) => simulator.call({ sbc: `${FQDN}:5061`, to });

  await t.test(
    'the trunk that is nobody does not answer: the phone rings, under the number that the policy makes',
    async () => {
      const call = await callFromTeams('+493055');
      await call.answered;
      await phone.waitFor('CALL_ESTABLISHED');
      await call.bye();
      await phone.waitFor('CALL_CLOSED');
      await pod.isEmpty();
      assert.match(await sbc.ask('calls'), /success, normal-clearing/);
    },
  );

  await t.test(
    'a number that no route is for is answered 404, and so is the phone, for which there is none',
    async () => {
      await assert.rejects((await callFromTeams('+4312345')).answered, /404/);
      await phone.dial(`sip:${TEAMS_NUMBER}@${pod.address}`);
      assert.match(JSON.stringify(await phone.waitFor('CALL_CLOSED')), /404/);
    },
  );

  await t.test('the route refuses from now on, in its own words', async () => {
    const refusing = '  action: Reject\n  reject: {statusCode: 403, reasonPhrase: Closed Today}\n';
    await eventAfter(sbc, () => writeManifest(manifests, 'routes.yaml', toNetwork(refusing)), isApplied);
    await assert.rejects((await callFromTeams('+493055')).answered, /403 Closed Today/);
  });

  await t.test('without any route, and with one trunk of each kind, the simple rule holds again', async () => {
    // One after the other: of two changes at once, the first may be in force, and said to be, before the second is seen.
    for (const file of ['routes.yaml', 'nobody.yaml'])
      await eventAfter(sbc, () => rmSync(join(manifests, file)), isApplied);
    const call = await callFromTeams('+493055555');
    await call.answered;
    await phone.waitFor('CALL_ESTABLISHED');
    await call.bye();
    await pod.isEmpty();
    assert.equal((await pod.status()).trunks.length, 2, block.cidr);
  });
});
