/** Secrets are planted and collected; after calls, refusals, errors and crashes they stand nowhere but in Secrets and in the journal of calls. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../../operator/src/kernel/clock.ts';
import { StatusClient } from '../../../operator/src/report/status-client.ts';
import { certificatesOf } from '../../../operator/src/sbc-instance/status-certificate.ts';
import type { Said } from '../../cluster/kit/api-client.ts';
import { until } from '../../cluster/kit/until.ts';
import { callRoute, pbxTrunk, secret } from '../../cluster/calls/manifests.ts';
import { systemNamespace } from '../../cluster/packaging/helm.ts';
import { ChallengingPbx } from '../../integration/challenging-pbx.ts';
import { ContainerProcess, operatorPod } from '../kit/container-process.ts';
import { figure } from '../kit/figure.ts';
import { found, needlesOf, toldByLogs, toldByObjects, type Needle } from '../kit/secret-hunt.ts';
import { toolContainer, toolPod } from '../kit/tool-pod.ts';
import { voiceInstance } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const GUARDED_HOST = 111;
const LOGIN = { username: 'sbc-login', password: 'Zwiebelfisch-4711' };
const OTHER_LOGIN = { username: 'sbc-login', password: 'Hurenkind-0815' };
/** In Secrets that are of no use. */
const IN_BROKEN_LOGIN = 'Spiess-lies-mich-nicht-0042';
const IN_BROKEN_KEY = 'MIIE-Fliegenkopf-is-no-key-1234';

let stage: VoiceStage;
before(async () => {
  // Debug: the most that is ever told.
  stage = await VoiceStage.raise({ name: 'secrets', drainSeconds: 10, logLevel: 'Debug' });
  await stage.apply();
});
after(() => stage.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl(...args);
const processOf = (pod: Said, container: string) => ContainerProcess.of(stage.cluster.node(1), pod, container);
const operator = () => operatorPod(stage.cluster.controlPlane);

const needles: Needle[] = [];
/** What was told while it could be: a process that is killed takes what it knew along. */
const told = new Map<string, string>();
const plant = (what: string, text: string) => needles.push(...needlesOf(what, text));

async function secretText(name: string, key: string): Promise<string> {
  return Buffer.from((await stage.objects.get('secrets', name)).data[key] as string, 'base64').toString();
}

/** Everything that pods tell to whoever may ask: metrics, status, the ladders of their newest calls. */
async function listen(when: string): Promise<void> {
  const pod = await stage.pod();
  const { podIP } = pod.status;
  const text = async (url: string) => (await fetch(url)).text();
  const runtime = await processOf(pod, 'runtime');
  const [certificate, token] = [await secretText('sbc-status', 'tls.crt'), await secretText('sbc-status', 'token')];
  const credentials = { certificates: certificatesOf(certificate), token };
  const status = new StatusClient({ clock: systemClock });
  for (const path of ['/status', '/status/summary'] as const)
    told.set(
      `${path} ${when}`,
      await status.ask({ address: podIP, port: 8443, path, maxLength: 1_048_576 }, credentials),
    );
  status.close();
  told.set(`metrics of the runtime ${when}`, await text(`http://${podIP}:8080/metrics`));
  told.set(`metrics of the operator ${when}`, await text(`http://${(await operator()).status.podIP}:8081/metrics`));
  for (const path of ['/calls', '/ladder', '/ladder?messages'])
    told.set(`${path} ${when}`, await runtime.ask('/run/teams-sbc/admin.sock', path));
  for (const container of ['runtime', 'rtpengine']) {
    const running = await processOf(pod, container);
    told.set(`environment of ${container} ${when}`, `${await running.environment()}\n${await running.commandLine()}`);
  }
}

let guarded: ChallengingPbx;

test('Calls with a password, and its refusal, are told of without the password', async () => {
  const address = await stage.cluster.addAddress(GUARDED_HOST);
  guarded = await ChallengingPbx.start({ address, login: LOGIN });
  stage.cluster.controlPlane.endsWith(() => guarded.stop());
  const out = (name: string, prefix: string, trunk: string) =>
    callRoute(name, { match: { calledNumbers: [{ prefix }] }, destinations: [{ kind: 'PbxTrunk', name: trunk }] });
  await stage.objects.apply(
    secret('pbx-login', 'kubernetes.io/basic-auth', LOGIN),
    pbxTrunk('guarded', address, { auth: { secretRef: { name: 'pbx-login' } } }),
    out('to-guarded', '+49306', 'guarded'),
    out('to-pbx', '+49305', 'pbx'),
    callRoute('to-teams', {
      match: { calledNumbers: [{ prefix: '+49891' }] },
      destinations: [{ kind: 'TeamsTrunk', name: 'teams' }],
    }),
  );
  await stage.objects.says('pbxtrunks', 'guarded', 'Reachable', 'True Reachable');
  await stage.objects.runs();
  const placed = { sbc: stage.gateway(), to: '+49306123456', from: '+4989111111' };
  const call = await stage.simulator.call(placed);
  await call.answered;
  await call.bye();
  guarded.changesLogin(OTHER_LOGIN);
  const refused = await stage.simulator.call({ ...placed, to: '+49306123457' });
  await assert.rejects(refused.answered, /500/);
  await listen('after a digest refusal');
  assert.match(told.get('/ladder after a digest refusal') ?? '', /407/);
});

test('Secrets that are of no use are named, and not told', async () => {
  await stage.objects.apply(secret('broken-login', 'Opaque', { username: 'sbc', passwort: IN_BROKEN_LOGIN }));
  await stage.objects.apply(pbxTrunk('broken', '172.30.0.112', { auth: { secretRef: { name: 'broken-login' } } }));
  const { message } = await stage.objects.says('pbxtrunks', 'broken', 'ResolvedRefs', 'False InvalidCredentials');
  assert.match(message, /broken-login/);
  const certificate = await secretText('sbc-tls', 'tls.crt');
  const instance = voiceInstance({ mode: 'ClusterPod', replicas: 1, drainSeconds: 0, maxCalls: 20 }) as Said;
  const tls = { secretRef: { name: 'broken-tls' } };
  await stage.objects.apply(
    secret('broken-tls', 'kubernetes.io/tls', { 'tls.crt': certificate, 'tls.key': `${IN_BROKEN_KEY}\n` }),
    { ...instance, metadata: { name: 'broken' }, spec: { ...instance.spec, tls } },
  );
  const broken = await until(
    async () => {
      const said = await stage.objects.condition('sbcinstances', 'broken', 'CertificateReady');
      return said?.status === 'False' ? said : undefined;
    },
    { what: 'a word on the key' },
  );
  assert.match(broken.message, /broken-tls/);
});

test('The journal of calls lies in memory, for its owner alone; it carries calls over a crash of the runtime', async () => {
  const calls = [await stage.hold('teams', 2), await stage.hold('pbx', 2)];
  const runtime = await processOf(await stage.pod(), 'runtime');
  const journal = '/run/teams-sbc-journal';
  assert.equal(await runtime.stat(journal, '%T', { isOfMount: true }), 'tmpfs');
  assert.equal(await runtime.stat(`${journal}/calls`, '%a %u'), '600 65532');
  const keys = sdesKeys();
  // Those of the calls that are up stand in it: what is looked for elsewhere is what is there.
  const kept = await runtime.read(`${journal}/calls`);
  assert.ok(
    keys.some((key) => kept.includes(key)),
    'the journal holds keys',
  );
  const { containerID } = (await stage.pod()).status.containerStatuses[0];
  await runtime.kill();
  await until(
    async () => {
      const [status] = (await stage.pod()).status.containerStatuses as Said[];
      return status.containerID !== containerID && status.ready === true;
    },
    { what: 'a runtime that takes over', withinMs: 60_000 },
  );
  await stage.isReady();
  for (const held of calls) {
    assert.deepEqual(held.ended, []);
    assert.deepEqual(await held.hangUp({ by: 'pbx' }), [200, 200]);
    assert.equal(await held.areOver(), true);
    await held.forget();
  }
});

/** Of all descriptions that Teams and the SBC sent each other. */
const sdesKeys = (): string[] => [
  ...new Set(
    stage.simulator.log.messages.flatMap(({ text }) =>
      [...text.matchAll(/inline:([A-Za-z0-9+/=]{20,})/g)].map(([, key = '']) => key),
    ),
  ),
];

test('After calls, refusals, errors and crashes no secret stands in a log, an object, a status, a metric or an environment', async (t) => {
  const selector = '--selector=app.kubernetes.io/component=operator';
  await kubectl('delete', 'pods', selector, `--namespace=${systemNamespace}`);
  await kubectl(
    'rollout',
    'status',
    'deployment/teams-sbc-operator',
    `--namespace=${systemNamespace}`,
    '--timeout=60s',
  );
  await stage.isReady();
  await listen('at the end');
  const keys = sdesKeys();
  assert.ok(keys.length >= 8, `${keys.length} keys of media`);
  for (const key of keys) plant('a key of media', key);
  for (const { password } of [LOGIN, OTHER_LOGIN]) plant('the password of the PBX', password);
  for (const text of [IN_BROKEN_LOGIN, IN_BROKEN_KEY]) plant('what a broken Secret holds', text);
  for (const { headers } of guarded.got)
    for (const { response = '' } of (headers['proxy-authorization'] ?? []) as Record<string, string>[])
      plant('a digest', response.replaceAll('"', ''));
  for (const name of ['sbc-tls', 'authority', 'sbc-status'])
    plant(`the key of ${name}`, await secretText(name, 'tls.key'));
  plant('the token of the status endpoint', await secretText('sbc-status', 'token'));
  for (const [pod, container] of [
    [await stage.pod(), 'runtime'],
    [await operator(), 'operator'],
  ] as const)
    plant(`the token of the ${container}`, await (await processOf(pod, container)).token());

  const { controlPlane } = stage.cluster;
  const everything = async () =>
    new Map([...told, ...(await toldByObjects(controlPlane)), ...toldByLogs(controlPlane, 'n1')]);
  const all = await everything();
  const octets = [...all.values()].reduce((sum, { length }) => sum + length, 0);
  figure(t, { event: 'search for secrets', places: all.size, octets, needles: needles.length });
  assert.deepEqual(found(needles, all), []);

  // It did look where they could have been.
  const logs = [...all]
    .filter(([place]) => place.startsWith('log '))
    .map(([, text]) => text)
    .join('\n');
  for (const words of [/Call ended/, /A peer refuses the credentials of its trunk/, /broken-tls/, /rtpengine/i])
    assert.match(logs, words);
  for (const kind of [
    'ConfigMap voice/sbc-routing',
    'Pod voice/sbc-0',
    'PbxTrunk voice/broken',
    'StatefulSet voice/sbc',
  ])
    assert.ok(all.has(kind), kind);
  assert.ok([...all.keys()].some((place) => place.startsWith('Event voice/')));

  await isFoundWherePlanted(everything);
});

/** The same search finds them in an object and in a log of its own: as they are, and in base64. */
async function isFoundWherePlanted(everything: () => Promise<Map<string, string>>): Promise<void> {
  const { controlPlane } = stage.cluster;
  const key = await secretText('sbc-tls', 'tls.key');
  const data = { key, coded: Buffer.from(LOGIN.password).toString('base64') };
  const pod = toolPod({ name: 'teller', containers: [toolContainer('teller', 'log', OTHER_LOGIN.password)] });
  await controlPlane.apply([
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'planted', namespace: 'default' }, data },
    pod,
  ]);
  await kubectl('wait', '--for=condition=Ready', 'pod/teller', '--timeout=60s');
  const wanted = [
    'the key of sbc-tls in ConfigMap default/planted',
    'the password of the PBX in Pod default/teller',
    'the password of the PBX, in base64 in ConfigMap default/planted',
  ];
  await until(
    async () => {
      const hits = found(needles, await everything());
      const inLog = hits.filter((hit) => /^the password of the PBX in log default_teller_.*0\.log$/.test(hit));
      const rest = hits.filter((hit) => !inLog.includes(hit));
      assert.deepEqual(rest, wanted);
      return inLog.length === 1;
    },
    { what: 'the log of what was planted', everyMs: 500 },
  );
}
