/** The whole product against the simulated Microsoft: who is let in, who is not, and calls that Microsoft moves about. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freeBlock } from '../kit/free-address.ts';
import { FQDN, Ground, PBX_NUMBER, TEAMS_NUMBER } from '../kit/ground.ts';
import { TeamsSimulator, type KeyPair } from '../teams-simulator/teams-simulator.ts';

test('Microsoft as simulated, a PBX phone, and the SBC between them', async (t) => {
  const block = await freeBlock();
  const directory = mkdtempSync(join(tmpdir(), 'sbc-'));
  const ground = await Ground.lay(directory, block);
  const { pki, dataCentres } = ground;
  t.after(async () => {
    await ground.clear();
    block.release();
    rmSync(directory, { recursive: true, force: true });
  });
  const options = {
    identity: await pki.microsoft(),
    trust: pki.root,
    hosts: { [FQDN]: ground.at.sbc },
    optionsPeriodMs: 0,
  };
  const simulator = new TeamsSimulator({ ...options, dataCentres });
  await simulator.start();
  ground.endsWith(() => simulator.stop());
  await ground.writeManifests(simulator.hostAliases());
  await ground.startSbc(join(directory, 'run'));
  const pbx = await ground.startPbx();

  await t.test('OPTIONS reach every data centre with Contact and certificate that Microsoft accepts', async () => {
    for (const { host } of dataCentres) {
      await simulator.log.waitFor(
        (entry) => entry.dataCentre === host && entry.direction === 'sent' && entry.message.status === 200,
      );
    }
  });

  await t.test('a call from Teams is held, resumed and ended, each time from another data centre', async () => {
    const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await call.answered;
    assert.match(call.remoteSdp, /m=audio \d+ RTP\/SAVP .*a=crypto:/s);
    await pbx.waitFor('CALL_ESTABLISHED');
    const held = await call.hold({ from: dataCentres[1].host });
    assert.equal(held.status, 200);
    assert.equal(call.directions.sbc, 'inactive');
    const resumed = await call.resume({ from: dataCentres[2].host });
    assert.equal(resumed.status, 200);
    assert.equal(call.directions.sbc, 'sendrecv');
    await call.bye({ from: dataCentres[1].host });
    await pbx.waitFor('CALL_CLOSED');
  });

  await t.test('a call to Teams is answered, and Microsoft hangs up over a new connection', async () => {
    const arrived = new Promise<Awaited<ReturnType<TeamsSimulator['call']>>>((resolve) => {
      simulator.onCall = (call) => {
        call.ring();
        call.answer();
        resolve(call);
      };
    });
    await pbx.dial(`sip:${TEAMS_NUMBER}@${ground.at.sbc}`);
    const call = await arrived;
    await call.answered;
    await call.bye({ from: dataCentres[2].host });
    await pbx.waitFor('CALL_CLOSED');
    const uri = call.invite.uri ?? '';
    assert.equal(uri, `sip:${TEAMS_NUMBER}@sip.pstnhub.microsoft.com:5061;user=phone`);
    assert.match(call.invite.headers.contact?.[0]?.uri ?? '', /sbc-0\.voice\.example\.com:5061/);
  });

  await t.test('a call to Teams that is refused is refused to the phone', async () => {
    simulator.onCall = (call) => call.reject(480, 'Q.850;cause=31;text="5e19725b;No callee endpoints were found."');
    await pbx.dial(`sip:${TEAMS_NUMBER}@${ground.at.sbc}`);
    const closed = await pbx.waitFor('CALL_CLOSED');
    assert.match(closed.param ?? '', /480/);
  });

  for (const [who, identity, isLetIn] of [
    ["with Microsoft's newest certificate (serverAuth only)", await pki.microsoftServerAuthOnly(), true],
    ['with the name of Microsoft from another authority', await pki.rogueMicrosoft(), false],
    ['with another name from the right authority', await pki.wrongName(), false],
    ['with a certificate that ended yesterday', await pki.expiredMicrosoft(), false],
  ] as const satisfies readonly (readonly [string, KeyPair, boolean])[]) {
    await t.test(`a caller ${who} is ${isLetIn ? 'let in' : 'refused'}`, async () => {
      const caller = new TeamsSimulator({
        ...options,
        clientIdentity: identity,
        dataCentres: [{ host: 'sip.pstnhub.microsoft.com', address: block.address(isLetIn ? 41 : 42) }],
      });
      try {
        const call = await caller.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
        await call.answered;
        await call.bye();
        assert.equal(isLetIn, true);
      } catch (error) {
        assert.equal(isLetIn, false, String(error));
      } finally {
        await caller.stop();
      }
      assert.equal(caller.log.received(100).length, isLetIn ? 1 : 0);
    });
  }
});
