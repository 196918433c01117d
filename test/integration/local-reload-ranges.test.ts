/** A call keeps the trunks that it began with: their ranges change or they go under it, and either side still hangs up. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FQDN } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk } from '../kit/manifests.ts';
import { eventAfter } from './local-observe.ts';
import { raiseSoundStage, talk } from './local-stage.ts';

test('a call outlives the rules that let its peers in; nothing new begins by them', async (t) => {
  const stage = await raiseSoundStage(t);
  const { block, ground, sbc, pod, teams, pbx } = stage;
  const manifests = ground.below('manifests');
  const isApplied = (event: { event: string }) => event.event === 'applied';
  const first = new Map(['pbx.yaml', 'teams.yaml'].map((file) => [file, readFileSync(join(manifests, file), 'utf8')]));
  const writeBack = (file: string) => writeManifest(manifests, file, first.get(file) ?? assert.fail(file));
  const elsewhere = pbxTrunk({ peers: [`${block.address(31)}:5060`], allowCIDRs: [`${block.address(31)}/32`] });
  let calls = 0;
  const isOver = async () => {
    calls += 1;
    await pod.isEmpty();
    await pod.metricIs('sbc_calls_ended_total', { result: 'success', reason: 'normal-clearing' }, calls);
  };

  await t.test("the PBX's range is another one: its BYE still ends the call, its INVITE begins none", async () => {
    await talk(stage);
    await eventAfter(sbc, () => writeManifest(manifests, 'pbx.yaml', elsewhere), isApplied);
    await pbx.dial(`sip:+4930123@${pod.address}`);
    const refused = await pbx.waitFor('CALL_CLOSED');
    assert.match(JSON.stringify(refused), /403/);
    await pbx.hangUp();
    await teams.waitFor('CALL_CLOSED');
    await isOver();
    await eventAfter(sbc, () => writeBack('pbx.yaml'), isApplied);
  });

  await t.test("the PbxTrunk is gone: Teams' BYE ends the call on both sides", async () => {
    await talk(stage);
    await eventAfter(sbc, () => rmSync(join(manifests, 'pbx.yaml')), isApplied);
    await teams.hangUp();
    await pbx.waitFor('CALL_CLOSED');
    await isOver();
    await eventAfter(sbc, () => writeBack('pbx.yaml'), isApplied);
  });

  await t.test('the TeamsTrunk and its certificate are gone: our BYE over TLS, and theirs, end the call', async () => {
    for (const whoHangsUp of [pbx, teams]) {
      const other = whoHangsUp === pbx ? teams : pbx;
      await talk(stage);
      await eventAfter(sbc, () => rmSync(join(manifests, 'teams.yaml')), isApplied);
      await whoHangsUp.hangUp();
      await other.waitFor('CALL_CLOSED');
      await isOver();
      await eventAfter(sbc, () => writeBack('teams.yaml'), isApplied);
    }
    assert.equal((await pod.status()).trunks.length, 2, FQDN);
  });
});
