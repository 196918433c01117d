/** The kit's own promises: what is unexpected fails, with the ladder; faults do what they say; nothing may be left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raise, seconds } from './scenario.ts';
import { oneTrunkEach } from './setups.ts';

test('a message that was not expected fails, and the ladder is printed', async () => {
  const { stage } = raise(oneTrunkEach);
  await stage.teams.sends('INVITE', { to: '+498912345' });
  await assert.rejects(stage.teams.gets(180), (error: Error) => {
    assert.match(error.message, /^teams expected 180, got 100 \(INVITE\)\n/);
    assert.match(error.message, /^ +0 ms {2}teams -> sbc {4}INVITE$/m);
    return true;
  });
});

test('a message that does not come fails after 5 s of virtual time', async () => {
  const { stage } = raise(oneTrunkEach);
  await assert.rejects(stage.pbx.gets('INVITE'), /^Error: pbx expected INVITE within 5000 ms, got nothing/);
  assert.equal(stage.time.nowMs(), 5000);
});

test('a number, a header or a description other than expected fails and says what came', async () => {
  for (const [expectation, words] of [
    [{ to: '+4900' }, /To is \+498912345, not \+4900/],
    [{ offer: 'srtp-sdes' }, /its description is rtp-avp, not srtp-sdes/],
    [{ headers: { 'max-forwards': null } }, /max-forwards is \d+, not absent/],
    [{ direction: 'inactive' }, /its direction is sendrecv, not inactive/],
  ] as const) {
    const { stage } = raise(oneTrunkEach);
    await stage.teams.sends('INVITE', { to: '+498912345' });
    await assert.rejects(stage.pbx.gets('INVITE', expectation), words);
  }
});

test('a scenario that leaves a call behind fails', async () => {
  const { stage, finish } = raise(oneTrunkEach);
  await stage.teams.sends('INVITE', { to: '+498912345' });
  await stage.teams.gets(100);
  await stage.pbx.gets('INVITE');
  await stage.pbx.sends(180);
  await assert.rejects(finish(), /Something is left: 1 calls left; .*teams got 180 \(INVITE\), which nobody expected/);
});

test('a lost INVITE is repeated, and a copy is not a new message', async () => {
  const { stage, finish } = raise(oneTrunkEach);
  stage.network.dropsTo(1, 'pbx', 'INVITE');
  await stage.teams.sends('INVITE', { to: '+498912345' });
  await stage.teams.gets(100);
  await stage.pbx.gets('INVITE');
  assert.equal(stage.time.nowMs(), 503, 'Timer A of 500 ms, and three messages');
  await stage.pbx.getsAgain('INVITE');
  await assert.rejects(stage.pbx.getsAgain('BYE', 100), /pbx expected BYE again within 100 ms/);
  await stage.pbx.sends(486);
  await stage.teams.gets(486);
  await finish();
});

test('a cut connection, a silent relay and a party that is down are one line each', async () => {
  const { stage, finish } = raise(oneTrunkEach);
  stage.teams.goesDown();
  await stage.pbx.sends('INVITE', { to: '+4989111111' });
  await stage.pbx.gets(100);
  await stage.pbx.gets(503);
  stage.teams.comesBack();
  stage.relay.goesAway();
  await stage.pbx.sends('INVITE', { to: '+4989111111' });
  await stage.pbx.gets(100);
  await stage.pbx.gets(503);
  await stage.teams.getsNothing(seconds(1));
  await finish();
});
