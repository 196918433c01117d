/** One SBC in a cluster between three data centres of Microsoft and a PBX, all on the addresses of one control plane. */
import { join } from 'node:path';
import { hears } from '../../integration/local-observe.ts';
import { Baresip } from '../../kit/baresip.ts';
import { PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ, TEAMS_NUMBER } from '../../kit/ground.ts';
import { NameServer } from '../../kit/name-server.ts';
import { Pki, type Leaf } from '../../kit/pki.ts';
import { writeTone } from '../../kit/tone.ts';
import type { DataCentre } from '../../teams-simulator/connection.ts';
import { TeamsSimulator, type TeamsSimulatorOptions } from '../../teams-simulator/teams-simulator.ts';
import { installRights, startOperator, type OperatorProcess } from '../faults/operators.ts';
import { Stage } from '../faults/stage.ts';
import type { ControlPlane } from '../kit/control-plane.ts';
import { ProcessKubelet } from '../kit/process-kubelet.ts';
import { pbxTrunk, sbcInstance, teamsTrunk, tlsSecret, trustMap } from './manifests.ts';

const DOMAIN = 'voice.example.com';
export const FQDN = `sbc-0.${DOMAIN}`;
/** A node's, and so the pod's on the host network. */
const POD_HOST = 90;
const PBX_HOST = 30;
const NAMES_HOST = 53;
const DNS_PORT = 5053;
const TONE_SECONDS = 120;

export class TeamsStage {
  /** Of the namespace. */
  readonly objects: Stage;
  readonly cluster: ControlPlane;
  readonly kubelet: ProcessKubelet;
  readonly pki: Pki;
  readonly dataCentres: readonly [DataCentre, DataCentre, DataCentre];
  readonly podAddress: string;
  readonly pbxAddress: string;
  /** What Microsoft's DNS knows of us. */
  readonly hosts: Record<string, string> = {};
  #microsoft: Leaf | undefined;

  private constructor(cluster: ControlPlane, objects: Stage, kubelet: ProcessKubelet, pki: Pki) {
    this.cluster = cluster;
    this.objects = objects;
    this.kubelet = kubelet;
    this.pki = pki;
    const place = (name: string, host: number) => ({
      host: `${name}.pstnhub.microsoft.com`,
      address: cluster.block.address(host),
    });
    this.dataCentres = [place('sip', 21), place('sip2', 22), place('sip3', 23)];
    this.podAddress = cluster.block.address(POD_HOST);
    this.pbxAddress = cluster.block.address(PBX_HOST);
  }

  static async raise(cluster: ControlPlane): Promise<TeamsStage> {
    const [objects, kubelet, pki] = await Promise.all([
      Stage.create(cluster, 'voice'),
      ProcessKubelet.start(cluster, { refreshMs: 500 }),
      Pki.create(join(cluster.directory, 'sbc-pki')),
      installRights(cluster),
    ]);
    const stage = new TeamsStage(cluster, objects, kubelet, pki);
    stage.#microsoft = await pki.microsoft([stage.dataCentres[0].address]);
    await stage.brings(await pki.sbc(FQDN));
    await objects.apply(trustMap(pki.root));
    return stage;
  }

  /** The Secret of the instance's certificate. */
  async brings(leaf: Leaf): Promise<void> {
    await this.objects.apply(tlsSecret(leaf));
  }

  get microsoft(): Leaf {
    if (this.#microsoft === undefined) throw new Error('Cannot speak for Microsoft: the stage is not raised');
    return this.#microsoft;
  }

  /** Nobody on the stage trusts it. */
  otherAuthority(): Promise<Pki> {
    return Pki.create(join(this.cluster.directory, 'other-pki'));
  }

  startOperator(host = 50): Promise<OperatorProcess> {
    return startOperator(this.cluster, { name: `operator-${host}`, host });
  }

  /** Microsoft at these data centres; its DNS is `hosts`. */
  async simulator(
    dataCentres: TeamsSimulatorOptions['dataCentres'],
    options: Partial<TeamsSimulatorOptions> = {},
  ): Promise<TeamsSimulator> {
    const { hosts, pki, microsoft: identity } = this;
    const simulator = new TeamsSimulator({ dataCentres, identity, trust: pki.root, hosts, ...options });
    await simulator.start();
    this.cluster.endsWith(() => simulator.stop());
    return simulator;
  }

  /** SbcInstance, TeamsTrunk and PbxTrunk. */
  async applyAll({ optionsSeconds = 5, engine = 'RTPEngine' } = {}): Promise<void> {
    const { dataCentres, cluster, pbxAddress } = this;
    const hostAliases = dataCentres.map(({ host, address }) => ({
      ip: address,
      hostnames: [host, host.replace(/^(sip\d?)\./, 'sip-du-a-$1.')],
    }));
    await this.objects.apply(
      sbcInstance({ domain: DOMAIN, hostAliases, engine }),
      teamsTrunk('teams', {
        endpoints: dataCentres.map(({ host }) => ({ host, port: 5061 })),
        allowCIDRs: [cluster.block.cidr],
        options: { periodSeconds: optionsSeconds },
      }),
      pbxTrunk('pbx', pbxAddress),
    );
  }

  /** What a person does with `status.addresses`. */
  async writeDns(): Promise<void> {
    const { status } = await this.objects.get('sbcinstances', 'sbc');
    for (const { fqdn, address } of status.addresses) this.hosts[fqdn as string] = address as string;
  }

  /** The phone behind data centre sip: TLS and SRTP, with sound. */
  async teamsPhone(): Promise<Baresip> {
    const [{ host, address }] = this.dataCentres;
    const { cluster, microsoft, pki } = this;
    const names = await NameServer.start(cluster.block.address(NAMES_HOST), DNS_PORT, this.hosts);
    cluster.endsWith(() => names.stop());
    return this.#phone({
      name: 'Teams-side baresip',
      directory: join(cluster.directory, 'teams-phone'),
      address,
      accounts: [`sip:${TEAMS_NUMBER}@${host}`],
      outbound: `sip:${FQDN}:5061;transport=tls`,
      nameServer: `${cluster.block.address(NAMES_HOST)}:${DNS_PORT}`,
      tone: this.#tone('teams', TEAMS_HERTZ),
      tls: { bothFile: microsoft.bothFile, rootFile: pki.rootFile },
    });
  }

  async pbxPhone(): Promise<Baresip> {
    const { cluster, pbxAddress, podAddress } = this;
    return this.#phone({
      name: 'PBX baresip',
      directory: join(cluster.directory, 'pbx-phone'),
      address: pbxAddress,
      accounts: [`sip:${PBX_NUMBER}@${pbxAddress}`],
      outbound: `sip:${podAddress}:5060;transport=udp`,
      tone: this.#tone('pbx', PBX_HERTZ),
    });
  }

  async #phone(options: Parameters<typeof Baresip.start>[0]): Promise<Baresip> {
    const phone = await Baresip.start(options);
    this.cluster.endsWith(() => phone.stop());
    return phone;
  }

  #tone(name: string, hertz: number): string {
    const path = join(this.cluster.directory, `${name}.wav`);
    writeTone(path, { hertz, seconds: TONE_SECONDS });
    return path;
  }

  /** Of the runtime in pod sbc-0. */
  get runtimePid(): number | undefined {
    return this.kubelet.pod(this.objects.namespace, 'sbc-0').container('runtime').pid;
  }

  async activeCalls(): Promise<number> {
    return ((await this.objects.summary('sbc-0')).calls as { active: number }).active;
  }
}

export interface Phones {
  readonly teams: Baresip;
  readonly pbx: Baresip;
}

/** Returns once each hears the other. */
export async function talk({ teams, pbx }: Phones, from: 'teams' | 'pbx'): Promise<void> {
  const [atTeams, atPbx] = [teams, pbx].map((phone) => phone.recordings().heard.length);
  if (from === 'teams') await teams.dial(`sip:${PBX_NUMBER}@${FQDN}:5061`);
  else await pbx.dial(`sip:${TEAMS_NUMBER}@${FQDN}:5060`);
  await Promise.all([teams.waitFor('CALL_ESTABLISHED'), pbx.waitFor('CALL_ESTABLISHED')]);
  await Promise.all([hears(teams, PBX_HERTZ, atTeams), hears(pbx, TEAMS_HERTZ, atPbx)]);
}

export async function hangUp({ teams, pbx }: Phones): Promise<void> {
  await teams.hangUp();
  await Promise.all([teams.waitFor('CALL_CLOSED'), pbx.waitFor('CALL_CLOSED')]);
}
