/**
 * What a reader of the guide has before its first command: a cluster with cert-manager and an issuer, DNS, an authority, Microsoft
 * and a PBX, all under the names and addresses that the guide has.
 */
import { join } from 'node:path';
import { trustMap } from '../../cluster/calls/manifests.ts';
import { CallEnds, type From } from '../../kit/held-calls/call-ends.ts';
import { HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { PbxLine } from '../../kit/held-calls/pbx-line.ts';
import { Pki } from '../../kit/pki.ts';
import { TeamsSimulator } from '../../teams-simulator/teams-simulator.ts';
import { addHostAddress } from './fabric.ts';
import { GuideShell } from './guide-shell.ts';
import { startNodeCluster, type NodeCluster } from './node-cluster.ts';
import { authority } from './voice-manifests.ts';
import { archiveOf } from './voice-stage.ts';

/** In Microsoft's own ranges: the guide's TeamsTrunk takes no others. */
const MICROSOFT = [
  { host: 'sip.pstnhub.microsoft.com', address: '52.114.75.24' },
  { host: 'sip2.pstnhub.microsoft.com', address: '52.114.76.76' },
  { host: 'sip3.pstnhub.microsoft.com', address: '52.114.7.24' },
] as const;
export const PBX = '10.20.0.10';
const OPTIONS_MS = 2000;

interface Parts {
  readonly cluster: NodeCluster;
  readonly shell: GuideShell;
  readonly ends: CallEnds;
  readonly pki: Pki;
}

export class GuideWorld {
  readonly cluster: NodeCluster;
  readonly shell: GuideShell;
  readonly ends: CallEnds;
  readonly #pki: Pki;
  readonly #hosts: Record<string, string>;

  private constructor({ cluster, shell, ends, pki }: Parts, hosts: Record<string, string>) {
    this.cluster = cluster;
    this.shell = shell;
    this.ends = ends;
    this.#pki = pki;
    this.#hosts = hosts;
  }

  static async start(name: string): Promise<GuideWorld> {
    const images = (['operator', 'sbc-runtime', 'rtpengine', 'call-test'] as const).map(archiveOf);
    const cluster = await startNodeCluster({ name, nodes: 2, certManager: true, images });
    const { controlPlane } = cluster;
    try {
      const { directory } = controlPlane;
      const shell = new GuideShell(join(directory, 'guide'), controlPlane.kubeconfig);
      controlPlane.endsWith(() => shell.end());
      const pki = await Pki.create(join(directory, 'microsoft-pki'));
      await controlPlane.apply(clusterIssuer(pki));
      const hosts: Record<string, string> = {};
      const ends = await farEnds(cluster, pki, hosts);
      return new GuideWorld({ cluster, shell, ends, pki }, hosts);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What a person does with `<name> A <address>` lines: in force for pods and for Microsoft. */
  async writeDns(lines: string): Promise<void> {
    for (const [, name = '', address = ''] of lines.matchAll(/^(\S+) A (\S+)$/gm)) {
      if (this.#hosts[name] === address) continue;
      await this.cluster.dns.setName(name, address);
      this.#hosts[name] = address;
    }
  }

  addressOf(gateway: string): string | undefined {
    return this.#hosts[gateway];
  }

  /** The one thing that the guide does not say: Microsoft's certificates here are of an authority of the test. */
  async trustMicrosoftOfTheTest(namespace: string): Promise<void> {
    const { controlPlane } = this.cluster;
    const roots = trustMap(this.#pki.root);
    await controlPlane.apply([{ ...roots, metadata: { ...roots.metadata, namespace } }]);
    const trust = { preset: null, caBundleRef: { kind: 'ConfigMap', name: roots.metadata.name, key: 'ca.crt' } };
    const patch = JSON.stringify({ spec: { tls: { trust } } });
    await controlPlane.kubectl('patch', 'tmst', 'teams', '--namespace', namespace, '--type=merge', '--patch', patch);
  }

  /** With sound. @param gateway FQDN, as Microsoft knows it */
  async hold(from: From, gateway: string, count = 1): Promise<HeldCalls> {
    const sbc = from === 'teams' ? `${gateway}:5061` : `${this.addressOf(gateway) ?? 'unknown'}:5060`;
    const calls = await HeldCalls.hold(this.ends, { from, sbc, count });
    if (calls.failed.length > 0) throw new Error(`A call from ${from} failed: ${calls.failed[0] ?? ''}`);
    return calls;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
  }
}

/** The name that the guide has, in place of Let's Encrypt: an order by ACME takes more than a minute (acme.test.ts shows that way). */
function clusterIssuer(pki: Pki): object[] {
  const [key, issuer] = authority(pki, 'letsencrypt') as [{ metadata: object }, object];
  return [
    { ...key, metadata: { ...key.metadata, namespace: 'cert-manager' } },
    { ...issuer, kind: 'ClusterIssuer' },
  ];
}

async function farEnds({ controlPlane, dns }: NodeCluster, pki: Pki, hosts: Record<string, string>): Promise<CallEnds> {
  for (const { host, address } of MICROSOFT) {
    await addHostAddress(address);
    await dns.setName(host, address);
  }
  const simulator = new TeamsSimulator({
    dataCentres: [...MICROSOFT],
    ...{ identity: await pki.microsoft(), trust: pki.root, hosts, optionsPeriodMs: OPTIONS_MS },
  });
  await simulator.start();
  controlPlane.endsWith(() => simulator.stop());
  await addHostAddress(PBX);
  const pbx = await PbxLine.open({ address: PBX });
  controlPlane.endsWith(() => pbx.close());
  const ends = await CallEnds.open({ simulator, pbx });
  controlPlane.endsWith(() => ends.close());
  return ends;
}
