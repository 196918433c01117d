/** The whole product and a PBX that asks for a password: calls go through, and the password is nowhere to be read. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Message } from 'sip';
import { FQDN, PBX_NUMBER } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { pbxTrunk } from '../kit/manifests.ts';
import { ChallengingPbx } from './challenging-pbx.ts';
import { eventually } from './local-observe.ts';
import { raiseSimulatedStage } from './local-stage.ts';

const first = { username: 'sbc-login', password: 'Zwiebelfisch-4711' };
const second = { username: 'sbc-login', password: 'Hurenkind-0815' };

const secret = ({ username, password }: typeof first) => `apiVersion: v1
kind: Secret
metadata: {name: pbx-login}
type: kubernetes.io/basic-auth
stringData: {username: ${username}, password: ${password}}
`;

const authHeader = ({ headers }: Message) => (headers['proxy-authorization'] ?? []) as Record<string, string>[];
const responsesIn = (messages: readonly Message[]) =>
  messages.flatMap(authHeader).map(({ response = '' }) => response.replaceAll('"', ''));

test('a PBX that asks for a password before INVITE and BYE', async (t) => {
  const stage = await raiseSimulatedStage(t, {
    prepare: ({ ground }) => {
      const manifests = ground.below('manifests');
      const { pbx } = ground.at;
      const trunk = pbxTrunk({ peers: [`${pbx}:5060`], allowCIDRs: [`${pbx}/32`], optionsSeconds: 1 });
      writeManifest(manifests, 'pbx.yaml', `${trunk}  auth: {secretRef: {name: pbx-login}}\n`);
      writeManifest(manifests, 'login.yaml', secret(first));
      const instance = readFileSync(join(manifests, 'sbc.yaml'), 'utf8');
      writeManifest(manifests, 'sbc.yaml', instance.replace('logLevel: Info', 'logLevel: Debug'));
    },
  });
  const { ground, directory, sbc, pod, simulator } = stage;
  const pbx = await ChallengingPbx.start({ address: ground.at.pbx, login: first });
  ground.endsWith(() => pbx.stop());

  const callAndHangUp = async () => {
    const byes = pbx.requests('BYE').length;
    const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await call.answered;
    await call.bye();
    await eventually(
      'both BYEs at the PBX',
      () => pbx.requests('BYE').length,
      (count) => count === byes + 2,
    );
    await pod.isEmpty();
  };

  await t.test('a 401 to OPTIONS is an answer: the PBX is up, and OPTIONS carry no credentials', async () => {
    await pod.logHas('Target changed', { trunk: 'pbx', is: 'Up', status: 401 });
    await eventually(
      'more OPTIONS',
      () => pbx.requests('OPTIONS').length,
      (count) => count >= 2,
    );
    for (const { headers } of pbx.requests('OPTIONS')) assert.equal(headers['authorization'], undefined);
  });

  await t.test('INVITE and BYE are asked and answered, as npm sip computes it', async () => {
    await callAndHangUp();
    const invites = pbx.requests('INVITE');
    assert.deepEqual(
      invites.map((invite) => authHeader(invite).length),
      [0, 1],
    );
    assert.equal(new Set(invites.map(({ headers }) => headers['call-id'])).size, 1);
    assert.deepEqual(
      invites.map(({ headers }) => headers.cseq.seq),
      [1, 2],
    );
  });

  await t.test('the wrong password is said once: the call ends as unauthorized, and the log says why', async () => {
    pbx.changesLogin(second);
    const before = pbx.requests('INVITE').length;
    const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await assert.rejects(call.answered, /500/);
    await pod.logHas('Call ended', { reason: 'unauthorized' });
    const line = pod.log().find(({ message }) => message.startsWith('A peer refuses the credentials of its trunk'));
    assert.equal(line?.['trunk'], 'pbx');
    assert.equal(pbx.requests('INVITE').length, before + 2);
  });

  await t.test('the Secret changes, and the next call logs in with it', async () => {
    const timesInForce = () => pod.log().filter(({ message }) => message === 'Document in force').length;
    const before = timesInForce();
    writeManifest(ground.below('manifests'), 'login.yaml', secret(second));
    await eventually('the new Secret in force', timesInForce, (count) => count > before);
    await callAndHangUp();
  });

  await t.test(
    'neither a password nor a response stands in log, ladder, status, calls, metrics or document',
    async () => {
      const ladders = await sbc.ask('ladder');
      assert.match(ladders, /407/);
      const told = [
        sbc.process.lines.join('\n'),
        ladders,
        await sbc.ask('status'),
        await sbc.ask('status', '--output=json'),
        await sbc.ask('calls'),
        await (await fetch(`http://${pod.address}:8080/metrics`)).text(),
        ...filesBelow(join(directory, 'run')),
      ].join('\n');
      assert.match(told, /pbx-login/, 'the name of the Secret is no secret');
      assert.match(told, /Call ended/, 'the log is among it');
      const responses = responsesIn(pbx.got);
      assert.ok(responses.length >= 6, `${responses.length} responses`);
      for (const word of [first.password, second.password, ...responses])
        assert.ok(!told.includes(word), `${word} is told`);
    },
  );
});

/** All that the run directory holds, but for the mounted Secrets. */
function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => !path.includes('/secrets/') && statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => readFileSync(path, 'utf8'));
}
