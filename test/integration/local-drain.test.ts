/** A stop under a live call: new calls go elsewhere, the running one ends when it likes, or at the deadline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FQDN, type Ground, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ, TEAMS_NUMBER } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { sbcInstance } from '../kit/manifests.ts';
import { eventAfter, eventually, stillHears } from './local-observe.ts';
import { raiseSoundStage, talk, type SoundStage } from './local-stage.ts';
import { askOverTls } from './tls-client.ts';

const stop = ({ sbc }: SoundStage) =>
  eventAfter(
    sbc,
    () => sbc.process.signal('SIGTERM'),
    ({ event }) => event === 'draining',
  );

test('a drain lets the call finish and the process end with 0', async (t) => {
  const stage = await raiseSoundStage(t);
  const { block, ground, simulator, sbc, pod, teams, pbx } = stage;
  await talk(stage);
  await stop(stage);
  await eventually(
    'the runtime drains',
    () => pod.status(),
    ({ draining }) => draining,
  );

  await t.test('it is no longer ready, and says why', async () => {
    const response = await fetch(`http://${pod.address}:8080/readyz`);
    assert.equal(response.status, 503);
    assert.match(await response.text(), /draining/);
    assert.equal(await pod.metric('sbc_draining'), 1);
  });

  await t.test('a new call from Teams gets 503 and not one 18x before it', async () => {
    const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    const { status } = await call.ended;
    assert.equal(status, 503);
    const provisional = simulator.log.messages.filter(
      ({ direction, message }) =>
        direction === 'received' && (message.status ?? 0) > 100 && (message.status ?? 0) < 200,
    );
    assert.deepEqual(provisional, []);
    const refusal = simulator.log.received(503)[0]!;
    assert.match(refusal.text, /^Retry-After: \d+\r$/im);
  });

  await t.test('OPTIONS from Teams are answered 503, so that it looks elsewhere', async () => {
    const heard = await askOverTls({
      from: block.address(40),
      to: pod.address,
      identity: await ground.pki.microsoft(),
    });
    assert.equal(heard.status, 503);
  });

  await t.test('the running call sounds on, ends normally, and then the process ends with 0', async () => {
    await Promise.all([stillHears(teams, PBX_HERTZ), stillHears(pbx, TEAMS_HERTZ)]);
    assert.equal(sbc.process.isOver, false);
    await teams.hangUp();
    await pbx.waitFor('CALL_CLOSED');
    assert.equal(await sbc.process.ended, 0);
    assert.ok(sbc.events.some(({ event }) => event === 'ended'));
  });
});

test('a call that is still up at the drain deadline is hung up on both sides', async (t) => {
  const stage = await raiseSoundStage(t, ({ ground }) => withDrain(ground, 1));
  await talk(stage);
  await stop(stage);
  await Promise.all([stage.teams.waitFor('CALL_CLOSED'), stage.pbx.waitFor('CALL_CLOSED')]);
  assert.equal(await stage.sbc.process.ended, 0);
});

test('a second signal ends the calls at once', async (t) => {
  const stage = await raiseSoundStage(t, ({ ground }) => withDrain(ground, 3600));
  const { pbx, teams, sbc } = stage;
  await pbx.dial(`sip:${TEAMS_NUMBER}@${FQDN}:5060`);
  await Promise.all([teams.waitFor('CALL_ESTABLISHED'), pbx.waitFor('CALL_ESTABLISHED')]);
  await stop(stage);
  await eventually(
    'the runtime drains',
    () => stage.pod.status(),
    ({ draining }) => draining,
  );
  sbc.process.signal('SIGTERM');
  await Promise.all([teams.waitFor('CALL_CLOSED'), pbx.waitFor('CALL_CLOSED')]);
  assert.equal(await sbc.process.ended, 0);
});

function withDrain(ground: Ground, drainSeconds: number): void {
  const hostAliases = ground.dataCentres.map(({ host, address }) => ({ ip: address, hostnames: [host] }));
  const text = sbcInstance({
    domain: 'voice.example.com',
    address: ground.at.sbc,
    tlsSecret: 'sbc-tls',
    hostAliases,
    drainSeconds,
  });
  writeManifest(ground.below('manifests'), 'sbc.yaml', text);
}
