/** What every real stage stands on: addresses, certificates, manifests, a PBX phone, and the order in which all of it ends. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Baresip } from './baresip.ts';
import type { AddressBlock } from './free-address.ts';
import { LocalSbc, writeManifest } from './local-sbc.ts';
import { pbxTrunk, sbcInstance, teamsTrunk, tlsSecret, trustConfigMap, type HostAlias } from './manifests.ts';
import { Pki } from './pki.ts';
import { writeTone } from './tone.ts';

export const TEAMS_NUMBER = '+4989111111';
export const PBX_NUMBER = '+493055555';
export const TEAMS_HERTZ = 440;
export const PBX_HERTZ = 1000;
const DOMAIN = 'voice.example.com';
export const FQDN = `sbc-0.${DOMAIN}`;
const TONE_SECONDS = 60;

interface Place {
  readonly host: string;
  readonly address: string;
}

export class Ground {
  readonly pki: Pki;
  readonly at: { readonly sbc: string; readonly pbx: string; readonly names: string };
  /** sip, sip2 and sip3 of Microsoft, in the order in which the SBC tries them. */
  readonly dataCentres: readonly [Place, Place, Place];
  readonly #directory: string;
  readonly #block: AddressBlock;
  readonly #ends: (() => Promise<unknown>)[] = [];

  private constructor(directory: string, block: AddressBlock, pki: Pki) {
    this.pki = pki;
    this.at = { sbc: block.address(10), pbx: block.address(30), names: block.address(53) };
    const place = (name: string, host: number) => ({
      host: `${name}.pstnhub.microsoft.com`,
      address: block.address(host),
    });
    this.dataCentres = [place('sip', 21), place('sip2', 22), place('sip3', 23)];
    this.#directory = directory;
    this.#block = block;
  }

  static async lay(directory: string, block: AddressBlock): Promise<Ground> {
    return new Ground(directory, block, await Pki.create(join(directory, 'pki')));
  }

  /** A folder of this stage. */
  below(name: string): string {
    const path = join(this.#directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  tone(name: string, hertz: number): string {
    const path = join(this.#directory, `${name}.wav`);
    writeTone(path, { hertz, seconds: TONE_SECONDS });
    return path;
  }

  /** One instance, one trunk to Teams, one to the PBX, and the Secret and ConfigMap that they name. */
  async writeManifests(hostAliases: readonly HostAlias[]): Promise<void> {
    const directory = this.below('manifests');
    const { sbc, pbx } = this.at;
    const own = await this.pki.sbc(FQDN);
    const endpoints = this.dataCentres.map(({ host }) => `${host}:5061`);
    const write = (file: string, text: string) => writeManifest(directory, file, text);
    write('sbc.yaml', sbcInstance({ domain: DOMAIN, address: sbc, tlsSecret: 'sbc-tls', hostAliases }));
    write('teams.yaml', teamsTrunk({ trustConfigMap: 'microsoft-roots', allowCIDRs: [this.#block.cidr], endpoints }));
    write('pbx.yaml', pbxTrunk({ peers: [`${pbx}:5060`], allowCIDRs: [`${pbx}/32`] }));
    write('secret.yaml', tlsSecret('sbc-tls', own.certificate, own.key));
    write('roots.yaml', trustConfigMap('microsoft-roots', this.pki.root));
  }

  async startSbc(runDirectory?: string): Promise<LocalSbc> {
    const directory = this.below('manifests');
    const sbc = await LocalSbc.start({ directory, ...(runDirectory === undefined ? {} : { runDirectory }) });
    this.endsWith(() => sbc.stop());
    return sbc;
  }

  async startPbx(): Promise<Baresip> {
    const { sbc, pbx } = this.at;
    const phone = await Baresip.start({
      name: 'PBX baresip',
      directory: this.below('pbx'),
      address: pbx,
      accounts: [`sip:${PBX_NUMBER}@${pbx}`],
      outbound: `sip:${sbc}:5060;transport=udp`,
      tone: this.tone('pbx', PBX_HERTZ),
    });
    this.endsWith(() => phone.stop());
    return phone;
  }

  /** What `clear` does as well; what was started last ends first. */
  endsWith(end: () => Promise<unknown>): void {
    this.#ends.unshift(end);
  }

  async clear(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
  }
}
