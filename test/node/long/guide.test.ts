/**
 * The user guide, followed by somebody who runs each command as it stands there, from an empty cluster to a call that rings, through a
 * working day, and to an empty cluster again.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { conditionIn } from '../../cluster/faults/stage.ts';
import type { Said } from '../../cluster/kit/api-client.ts';
import { until } from '../../cluster/kit/until.ts';
import { guideCommands, readGuide, type GuideBlock } from '../../kit/guide-commands.ts';
import type { From } from '../../kit/held-calls/call-ends.ts';
import type { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { figure } from '../kit/figure.ts';
import { GuideWorld } from '../kit/guide-world.ts';
import { DOMAIN } from '../kit/voice-manifests.ts';
import { leftOver, namesOfAll } from '../kit/left-over.ts';

const FIRST = `sbc-0.${DOMAIN}`;
const SECOND = `sbc-1.${DOMAIN}`;
const READY_MS = 120_000;

let world: GuideWorld;
let atFirst: readonly string[];
let isBroken = false;
/** A call that an upgrade, a rollout that is held and a rollback do not touch. */
let kept: HeldCalls;
let trusting: Promise<void> | undefined;

before(async () => {
  world = await GuideWorld.start('guide');
  atFirst = await namesOfAll(world.cluster.controlPlane);
});
after(() => (world as GuideWorld | undefined)?.stop());

const kubectl = (...args: string[]) => world.cluster.controlPlane.kubectl('--namespace=voice', ...args);
const isNotFound = (error: unknown) => /NotFound|not found/.test(String(error));

/** One of ours, without the processor time of a kubectl; undefined: it is not there. */
async function read(plural: string, name: string): Promise<Said> {
  const path = `/apis/teams-sbc.dev/v1alpha1/namespaces/voice/${plural}/${name}`;
  const { status, body } = await world.cluster.controlPlane.api.get(path);
  return status === 200 ? body : undefined;
}

const statusOf = (object: Said, type: string) => conditionIn(object, type)?.status;

/** What the guide's own words ask for, again and again: the records that DNS must have. */
async function followAddresses(sbc: Said): Promise<void> {
  const addresses = (sbc?.status?.addresses ?? []) as { fqdn: string; address?: string }[];
  await world.writeDns(addresses.map(({ fqdn, address = '' }) => `${fqdn} A ${address}`).join('\n'));
}

async function isReady(): Promise<void> {
  const asked = async () => {
    const sbc = await read('sbcinstances', 'sbc');
    await followAddresses(sbc);
    if (sbc.spec.replicas !== sbc.status?.readyReplicas) return false;
    const trunks = await Promise.all([read('teamstrunks', 'teams'), read('pbxtrunks', 'pbx')]);
    const areReady = [sbc, ...trunks].every((object) => statusOf(object, 'Ready') === 'True');
    return areReady && statusOf(sbc, 'Draining') === 'False';
  };
  await until(asked, { what: 'the instance and its trunks to be Ready', withinMs: READY_MS });
}

/** Calls in both directions, with sound, hung up by who called. */
async function callsWork(gateway = FIRST): Promise<void> {
  const oneFrom = async (from: From) => {
    const calls = await world.hold(from, gateway);
    const fromMs = nowMs();
    await until(async () => (await calls.gaps(fromMs)).received >= 100, { what: 'sound both ways' });
    assert.equal((await calls.gaps(fromMs)).streams.length, 2);
    assert.deepEqual(await calls.hangUp({ by: from }), [200]);
    assert.equal(await calls.areOver(), true);
    await calls.forget();
  };
  await Promise.all([oneFrom('teams'), oneFrom('pbx')]);
}

/** As soon as the first pod takes one: the operator hears of it while all becomes Ready, and tells it at once when the pod drains. */
async function callComes(): Promise<void> {
  const takesCalls = async () => {
    const { body: pod } = await world.cluster.controlPlane.api.get('/api/v1/namespaces/voice/pods/sbc-0');
    await followAddresses(await read('sbcinstances', 'sbc'));
    const isThere = pod.metadata?.deletionTimestamp === undefined && statusOf(pod, 'Ready') === 'True';
    return isThere && world.addressOf(FIRST) === pod.status.podIP;
  };
  await until(takesCalls, { what: 'another sbc-0', withinMs: READY_MS });
  kept = await world.hold('teams', FIRST);
}

async function drainsWithACall(): Promise<void> {
  await kubectl('delete', 'pod', 'sbc-0', '--wait=false');
  await untilDraining(/sbc-0 has 1 call left/);
}

async function isHungUp(): Promise<void> {
  assert.equal(await kept.areOver(20_000), true);
  assert.deepEqual(
    kept.ended.map(({ by }) => by),
    ['sbc'],
  );
  await kept.forget();
  await callComes();
  await isReady();
}

/** @param isMeant Judges what stands in the parentheses of the words */
async function untilDraining(words: RegExp, isMeant: (told: string) => boolean = () => true): Promise<void> {
  let said = '';
  const asked = async () => {
    said = conditionIn(await read('sbcinstances', 'sbc'), 'Draining')?.message ?? '';
    return words.test(said) && isMeant(words.exec(said)?.[1] ?? '');
  };
  await until(asked, { what: 'the drain to be told', withinMs: 30_000 }).catch((error: unknown) => {
    throw new Error(`Draining says “${said}”`, { cause: error });
  });
}

async function isGone(...what: string[]): Promise<void> {
  await until(
    () =>
      kubectl('get', ...what).then(
        (said) => said.trim() === '',
        (error: unknown) => {
          if (isNotFound(error)) return true;
          throw error;
        },
      ),
    { what: `${what.join(' ')} to be gone`, withinMs: READY_MS, everyMs: 300 },
  );
}

/** Around the blocks of a section, in their order: what the reader does besides, and what must be so then. */
interface Around {
  readonly before?: () => Promise<void>;
  readonly after?: (said: string, block: GuideBlock) => Promise<void> | void;
}
const around: Readonly<Record<string, readonly Around[]>> = {
  Install: [{}, { after: (said) => assert.match(said, /Phase:\s+Succeeded/) }],
  Apply: [
    {
      before: trustsInTime,
      after: async (said) => {
        assert.match(said, /sbcinstance\.teams-sbc\.dev\/sbc +1 +1 +voice\.example\.com +172\.30\.0\.1[12] /);
        await trusting;
      },
    },
  ],
  DNS: [{ after: (said) => world.writeDns(said) }],
  'The tenant': [
    {
      after: async (said) => {
        assert.equal(said.trim(), `${FIRST} 5061`);
        await isReady();
        const received = async () => (await read('teamstrunks', 'teams')).status.receivesOptions === 'Yes';
        await until(received, { what: 'OPTIONS of Microsoft', withinMs: READY_MS });
      },
    },
    {
      after: async (said, { file, line }) => {
        const shown = readGuide().find((each) => each.file === file && each.line > line && each.language === 'text');
        assert.equal(said.replaceAll(/ +$/gm, '').trim(), shown?.text);
        await callsWork();
      },
    },
  ],
  'Read a call': [
    {
      after: (said) => {
        assert.match(said, /"from"|"teams"/);
        assert.match(said, /INVITE/);
      },
    },
  ],
  'A pod drains': [
    { after: () => callComes().then(isReady) },
    { before: drainsWithACall, after: isHungUp },
    { before: drainsWithACall, after: isHungUp },
    {
      before: drainsWithACall,
      after: async () => {
        const boundMs = Date.now() + 600_000;
        await untilDraining(/hung up at (\S+)/, (told) => Math.abs(Date.parse(told) - boundMs) < 60_000);
        assert.deepEqual(await kept.hangUp({ by: 'teams' }), [200]);
        await kept.forget();
        await isReady();
      },
    },
  ],
  'Drain a node': [
    {
      after: async () => {
        await isReady();
        await callsWork();
      },
    },
  ],
  'More pods, fewer pods': [
    {
      after: async (said) => {
        assert.match(said, new RegExp(`^${FIRST} A \\S+\n${SECOND} A \\S+\n`, 'm'));
        await isReady();
        await callsWork(SECOND);
      },
    },
  ],
  'Backup and restore': [
    {
      after: () => {
        const { items } = JSON.parse(world.shell.read('backup.json')) as { items: { kind: string; status?: object }[] };
        assert.deepEqual(
          items.map(({ kind }) => kind),
          ['SbcInstance', 'TeamsTrunk', 'PbxTrunk'],
        );
        assert.ok(items.every(({ status }) => status === undefined));
      },
    },
    {
      after: async () => {
        await world.trustMicrosoftOfTheTest('voice');
        await isReady();
        await callsWork();
        await callsWork(SECOND);
      },
    },
  ],
  Upgrade: [{ before: async () => void (kept = await world.hold('pbx', FIRST)) }],
  'Hold it': [{ after: isHeld }, { after: () => isReady() }],
  'Roll back': [
    {
      after: async () => {
        assert.deepEqual(kept.ended, []);
        assert.deepEqual(await kept.hangUp({ by: 'pbx' }), [200]);
        await kept.forget();
        await isReady();
        await callsWork();
      },
    },
  ],
  'Rights of the runtime': [{ after: (said) => assert.match(said, /secrets +\[\] +\[sbc-tls\] +\[get\]|sbc-tls/) }],
  'The objects': [
    {
      after: async () => {
        await isGone('pods', '--selector=teams-sbc.dev/instance=sbc', '-o', 'name');
        assert.match(
          await kubectl('get', 'tmst', 'teams', '-o', 'jsonpath={.status.conditions[*].reason}'),
          /InstanceNotFound/,
        );
      },
    },
    { after: () => isGone('pods', '--selector=app.kubernetes.io/component=sbc-runtime', '-o', 'name') },
  ],
  // The definitions stay, and what stands in the two namespaces.
  'The operator': [{ after: () => nothingIsLeftBut(/ voice\/| teams-sbc-system\/|^namespaces |\.teams-sbc\.dev$/) }],
  'The definitions': [{ after: () => nothingIsLeftBut() }],
  'It does not go away': [{ before: waitsForACloud, after: comesToAnEnd }],
};

/** Before the pod's first OPTIONS, which come again after a minute: as soon as the trunk is there. */
function trustsInTime(): Promise<void> {
  const isThere = async () => (await read('teamstrunks', 'teams')) !== undefined;
  trusting = until(isThere, { what: 'the trunk', withinMs: READY_MS }).then(() =>
    world.trustMicrosoftOfTheTest('voice'),
  );
  trusting.catch(() => undefined);
  return Promise.resolve();
}

async function nothingIsLeftBut(known?: RegExp): Promise<void> {
  let left: string[] = [];
  const asked = async () => {
    left = leftOver(atFirst, await namesOfAll(world.cluster.controlPlane)).filter((name) => known?.test(name) !== true);
    return left.length === 0;
  };
  await until(asked, { what: 'all to be gone' }).catch(() => assert.deepEqual(left, []));
}

async function isHeld(): Promise<void> {
  const path = 'jsonpath={.metadata.annotations}';
  assert.match(await kubectl('get', 'sbci', 'sbc', '-o', path), /"teams-sbc.dev\/hold-rollout":"true"/);
}

/** A namespace that cannot go: the load balancer of a Service in it was not given back. */
async function waitsForACloud(): Promise<void> {
  const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
  await world.cluster.controlPlane.createNamespace('voice');
  await world.cluster.controlPlane.apply([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'sbc-0', namespace: 'voice', finalizers },
      spec: { ports: [{ port: 5061 }] },
    },
  ]);
  await kubectl('delete', 'namespace', 'voice', '--wait=false');
  const path = 'jsonpath={.status.conditions[*].type}';
  await until(
    async () => (await kubectl('get', 'namespace', 'voice', '-o', path)).includes('NamespaceFinalizersRemaining'),
    {
      what: 'the namespace to wait',
    },
  );
}

async function comesToAnEnd(said: string): Promise<void> {
  assert.match(said, /service\.kubernetes\.io\/load-balancer-cleanup/);
  await kubectl('patch', 'service', 'sbc-0', '--type=merge', '--patch={"metadata":{"finalizers":[]}}');
  await isGone('namespace', 'voice', '-o', 'name');
}

/** What this test brings about, or has. */
const conditions = new Set(['two nodes', 'a call on sbc-0, which drains', 'a namespace that stays Terminating']);

async function follow(t: TestContext, block: GuideBlock, { before: first, after: then }: Around): Promise<void> {
  const { mark } = block;
  if (mark?.kind === 'file') {
    world.shell.save(mark.path, block.text);
    return;
  }
  if (mark?.kind === 'run' && mark.needs !== undefined) assert.ok(conditions.has(mark.needs), mark.needs);
  await first?.();
  const fromMs = nowMs();
  let said = '';
  for (const { text } of guideCommands([block])) said += await world.shell.succeed(text);
  figure(t, { event: `guide: ${block.section}`, tookMs: nowMs() - fromMs });
  await then?.(said, block);
}

const seen = new Map<string, number>();
for (const block of readGuide()) {
  if (block.mark === undefined || block.mark.kind === 'not-run') continue;
  const isFile = block.mark.kind === 'file';
  const number = seen.get(block.section) ?? 0;
  if (!isFile) seen.set(block.section, number + 1);
  test(`${block.file}:${block.line} ${block.section}${isFile ? `, saved as ${block.mark.path}` : ''}`, async (t) => {
    if (isBroken) {
      t.skip('an earlier block did not work');
      return;
    }
    isBroken = true;
    await follow(t, block, isFile ? {} : (around[block.section]?.[number] ?? {}));
    isBroken = false;
  });
}

test('all that is expected of a section was asked', () => {
  for (const [section, steps] of Object.entries(around)) assert.equal(seen.get(section), steps.length, section);
});
