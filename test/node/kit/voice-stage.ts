/**
 * The whole way on real nodes: the chart installed by helm, a certificate from cert-manager, pods of the images that
 * `make images` built, DNS that follows the status, Microsoft and a PBX beside the nodes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Said } from '../../cluster/kit/api-client.ts';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { Stage } from '../../cluster/faults/stage.ts';
import { chart, Helm, systemNamespace } from '../../cluster/packaging/helm.ts';
import { Attempts, type AttemptOptions } from '../../kit/held-calls/attempts.ts';
import { CallEnds, type From } from '../../kit/held-calls/call-ends.ts';
import { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { PbxLine } from '../../kit/held-calls/pbx-line.ts';
import { Pki } from '../../kit/pki.ts';
import { TeamsSimulator } from '../../teams-simulator/teams-simulator.ts';
import { startNodeCluster, type NodeCluster } from './node-cluster.ts';
import { authority, DATA_CENTRES, DOMAIN, voiceInstance, voiceTrunks, type VoiceOptions } from './voice-manifests.ts';

export interface VoiceStageOptions extends Partial<VoiceOptions> {
  /** Of the test file. */
  readonly name: string;
  readonly nodes?: 1 | 2;
  /** Further values of the chart: `--set=…`. */
  readonly values?: readonly string[];
}

const images = join(repository, 'work', 'images');
const NAMES = ['operator', 'sbc-runtime', 'rtpengine', 'call-test'] as const;
const FIRST_DATA_CENTRE = 100;
const PBX_HOST = 110;
const FOLLOW_MS = 200;

export class VoiceStage {
  readonly cluster: NodeCluster;
  readonly helm: Helm;
  /** Of the namespace `voice`. */
  readonly objects: Stage;
  readonly pki: Pki;
  readonly simulator: TeamsSimulator;
  readonly ends: CallEnds;
  /** `helm install` began, and was over: as `nowMs()` of media-words.ts. */
  readonly installingMs: number;
  readonly installedMs: number;
  readonly #options: VoiceOptions;
  readonly #addresses: Map<string, string>;
  readonly #dns: Record<string, string>;

  private constructor(
    parts: Pick<
      VoiceStage,
      'cluster' | 'helm' | 'objects' | 'pki' | 'simulator' | 'ends' | 'installingMs' | 'installedMs'
    >,
    options: VoiceOptions,
    dns: Record<string, string>,
  ) {
    this.cluster = parts.cluster;
    this.helm = parts.helm;
    this.objects = parts.objects;
    this.pki = parts.pki;
    this.simulator = parts.simulator;
    this.ends = parts.ends;
    this.installingMs = parts.installingMs;
    this.installedMs = parts.installedMs;
    this.#options = options;
    this.#dns = dns;
    this.#addresses = new Map();
  }

  /** Resolves when the chart is installed and the far ends listen; nothing is applied yet. */
  static async raise({ name, nodes = 1, values = [], ...wanted }: VoiceStageOptions): Promise<VoiceStage> {
    const options = { mode: 'ClusterPod', replicas: 1, drainSeconds: 60, maxCalls: 200, ...wanted } as const;
    const cluster = await startNodeCluster({ name, nodes, certManager: true, images: NAMES.map(archiveOf) });
    const { controlPlane } = cluster;
    try {
      const helm = new Helm(controlPlane);
      const installingMs = nowMs();
      const [objects, pki] = await Promise.all([
        Stage.bare(controlPlane, 'voice'),
        Pki.create(join(controlPlane.directory, 'sbc-pki')),
        helm.run(
          'install',
          'teams-sbc',
          chart,
          `--namespace=${systemNamespace}`,
          '--create-namespace',
          '--wait',
          ...values,
        ),
      ]);
      const installedMs = nowMs();
      const hosts: Record<string, string> = {};
      const [simulator, pbx] = await Promise.all([microsoft(cluster, pki, hosts), openPbx(cluster)]);
      const ends = await CallEnds.open({ simulator, pbx });
      controlPlane.endsWith(() => ends.close());
      return new VoiceStage(
        { cluster, helm, objects, pki, simulator, ends, installingMs, installedMs },
        options,
        hosts,
      );
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Issuer, instance and trunks; DNS follows the status from now on. Resolves when calls can be made. */
  async apply(options: Partial<VoiceOptions> = {}, withinMs = 90_000): Promise<void> {
    const { pki, objects } = this;
    const instance = voiceInstance({ ...this.#options, ...options });
    await objects.apply(...authority(pki), instance, ...voiceTrunks(pki, this.ends.pbx.media.address));
    this.followAddresses();
    await this.isReady(withinMs);
  }

  async isReady(withinMs = 90_000): Promise<void> {
    const { objects } = this;
    await objects.runs(withinMs);
    await objects.says('teamstrunks', 'teams', 'Reachable', 'True Reachable', withinMs);
    await objects.says('pbxtrunks', 'pbx', 'Reachable', 'True Reachable', withinMs);
    await until(() => this.#addresses.size > 0, { what: 'an address in DNS' });
  }

  /** Of that pod, as DNS has it now; undefined: it has none yet. */
  addressOf(ordinal: number): string | undefined {
    return this.#addresses.get(`sbc-${ordinal}.${DOMAIN}`);
  }

  /** FQDN and port of that pod's gateway, for Teams. */
  gateway(ordinal = 0): string {
    return `sbc-${ordinal}.${DOMAIN}:5061`;
  }

  /** Where the PBX finds it now. */
  pbxSide(ordinal = 0): string {
    return `${this.addressOf(ordinal) ?? 'unknown'}:5060`;
  }

  sbcOf(from: From, ordinal = 0): string {
    return from === 'teams' ? this.gateway(ordinal) : this.pbxSide(ordinal);
  }

  /** Calls with sound through that pod; all of them are up. */
  async hold(from: From, count: number, ordinal = 0): Promise<HeldCalls> {
    const calls = await HeldCalls.hold(this.ends, { from, sbc: this.sbcOf(from, ordinal), count });
    if (calls.failed.length > 0) throw new Error(`${calls.failed.length} of ${count} calls failed: ${calls.failed[0]}`);
    return calls;
  }

  /** A steady stream of new calls, one gateway after the other. */
  attempt(
    from: From,
    options: Omit<AttemptOptions, 'from' | 'sbcs'> & { readonly ordinals?: readonly number[] } = {},
  ): Attempts {
    const { ordinals = [0], ...rest } = options;
    // Asked anew for each call: a pod that was replaced may have another address.
    const sbcOf = (ordinal: number) => this.sbcOf(from, ordinal);
    const current = {
      get sbcs() {
        return ordinals.map(sbcOf);
      },
    };
    return new Attempts(this.ends, Object.assign(current, { ...rest, from }));
  }

  /** What the runtime of that pod says. */
  async calls(ordinal = 0): Promise<number> {
    return ((await this.objects.summary(`sbc-${ordinal}`)).calls as { active: number }).active;
  }

  pod(ordinal = 0): Promise<Said> {
    return this.objects.get('pods', `sbc-${ordinal}`);
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
  }

  /** As external-dns does, or a person: what the status says becomes DNS, for pods and for Microsoft. */
  followAddresses(): void {
    const look = async () => {
      const instance = await this.objects.get('sbcinstances', 'sbc');
      for (const { fqdn, address } of (instance?.status?.addresses ?? []) as { fqdn: string; address?: string }[]) {
        if (address === undefined || this.#addresses.get(fqdn) === address) continue;
        await this.cluster.dns.setName(fqdn, address);
        this.#dns[fqdn] = address;
        this.#addresses.set(fqdn, address);
      }
    };
    let isLooking = false;
    const timer = setInterval(() => {
      if (isLooking) return;
      isLooking = true;
      // The API server is away in some tests.
      void look()
        .catch(() => undefined)
        .finally(() => (isLooking = false));
    }, FOLLOW_MS);
    this.cluster.controlPlane.endsWith(() => clearInterval(timer));
  }
}

/** @throws Error where it was not built */
export function archiveOf(name: (typeof NAMES)[number]): string {
  const file = join(images, `${name}.tar`);
  if (!existsSync(file))
    throw new Error(`Cannot find the image ${name}: there is no ${file}, build it with 'make images'`);
  return file;
}

async function microsoft(cluster: NodeCluster, pki: Pki, hosts: Record<string, string>): Promise<TeamsSimulator> {
  const places = await Promise.all(
    DATA_CENTRES.map(async (host, at) => ({ host, address: await cluster.addAddress(FIRST_DATA_CENTRE + at) })),
  );
  for (const { host, address } of places) await cluster.dns.setName(host, address);
  const [first, ...others] = places;
  if (!first) throw new Error('Cannot play Microsoft without a data centre');
  const simulator = new TeamsSimulator({
    dataCentres: [first, ...others],
    ...{ identity: await pki.microsoft(), trust: pki.root, hosts, optionsPeriodMs: 5000, idleMs: 30_000 },
  });
  await simulator.start();
  cluster.controlPlane.endsWith(() => simulator.stop());
  return simulator;
}

async function openPbx(cluster: NodeCluster): Promise<PbxLine> {
  const pbx = await PbxLine.open({ address: await cluster.addAddress(PBX_HOST) });
  cluster.controlPlane.endsWith(() => pbx.close());
  return pbx;
}
