/** The volumes of one pod as folders of this machine, kept as the API server has them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeVolume, type VolumeFile } from '../../../operator/src/local/atomic-writer.ts';
import type { ApiClient } from './api-client.ts';
import {
  fieldOf,
  type DownwardItem,
  type PodObject,
  type PodPlace,
  type ProjectedSource,
  type VolumeSpec,
} from './pod-types.ts';

interface Token {
  readonly text: string;
  readonly renewAtMs: number;
}

interface Keyed {
  readonly kind: 'configmaps' | 'secrets';
  readonly name: string;
  readonly items: readonly { readonly key: string; readonly path: string; readonly mode?: number }[] | undefined;
  readonly optional: boolean;
  readonly mode: number;
}

const DEFAULT_MODE = 0o644;
const TOKEN_SECONDS = 3600;

export class PodVolumes {
  readonly #api: ApiClient;
  readonly #pod: PodObject;
  readonly #place: PodPlace;
  readonly #directory: string;
  readonly #tokens = new Map<string, Token>();

  constructor(api: ApiClient, pod: PodObject, place: PodPlace, directory: string) {
    this.#api = api;
    this.#pod = pod;
    this.#place = place;
    this.#directory = directory;
  }

  pathOf(volume: string): string {
    return join(this.#directory, volume);
  }

  /** @throws Error where an object is missing that is not optional; what was written before stays then */
  async write(): Promise<void> {
    for (const volume of this.#pod.spec.volumes ?? []) {
      if (volume.emptyDir !== undefined) await mkdir(this.pathOf(volume.name), { recursive: true });
      else await writeVolume(this.pathOf(volume.name), await this.#filesOf(volume));
    }
  }

  async #filesOf({ name, configMap, secret, projected, downwardAPI }: VolumeSpec): Promise<VolumeFile[]> {
    if (configMap) return this.#keyed(keyed('configmaps', configMap.name, configMap, configMap.defaultMode));
    if (secret) return this.#keyed(keyed('secrets', secret.secretName, secret, secret.defaultMode));
    if (downwardAPI) return this.#downward(downwardAPI.items, downwardAPI.defaultMode ?? DEFAULT_MODE);
    if (projected === undefined) throw new Error(`Cannot mount ${name}: the process kubelet knows no such volume`);
    const sources = projected.sources.map((source) => this.#projected(source, projected.defaultMode ?? DEFAULT_MODE));
    return (await Promise.all(sources)).flat();
  }

  async #projected(source: ProjectedSource, mode: number): Promise<VolumeFile[]> {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source;
    if (configMap) return this.#keyed(keyed('configmaps', configMap.name, configMap, mode));
    if (secret) return this.#keyed(keyed('secrets', secret.name, secret, mode));
    if (downwardAPI) return this.#downward(downwardAPI.items, mode);
    if (serviceAccountToken === undefined) throw new Error('Cannot mount a projected volume of an unknown source');
    const text = await this.#token(serviceAccountToken);
    return [{ name: serviceAccountToken.path, content: Buffer.from(text), mode }];
  }

  async #keyed({ kind, name, items, optional, mode }: Keyed): Promise<VolumeFile[]> {
    const { namespace } = this.#pod.metadata;
    const { status, body } = await this.#api.get(`/api/v1/namespaces/${namespace}/${kind}/${name}`);
    if (status === 404 && optional) return [];
    if (status !== 200) throw new Error(`Cannot mount ${kind} ${namespace}/${name}: ${status} ${body.message ?? ''}`);
    const entries = new Map<string, Buffer>();
    const base64 = kind === 'secrets' ? body.data : body.binaryData;
    const plain = kind === 'secrets' ? {} : body.data;
    for (const [key, value] of Object.entries(base64 ?? {})) entries.set(key, Buffer.from(value as string, 'base64'));
    for (const [key, value] of Object.entries(plain ?? {})) entries.set(key, Buffer.from(value as string));
    const wanted: NonNullable<Keyed['items']> = items ?? [...entries.keys()].map((key) => ({ key, path: key }));
    return wanted.flatMap(({ key, path, mode: own }) => {
      const content = entries.get(key);
      if (content === undefined && !optional)
        throw new Error(`Cannot mount ${kind} ${namespace}/${name}: no key ${key}`);
      return content === undefined ? [] : [{ name: path, content, mode: own ?? mode }];
    });
  }

  #downward(items: readonly DownwardItem[], mode: number): VolumeFile[] {
    return items.map(({ path, fieldRef }) => ({
      name: path,
      content: Buffer.from(fieldOf(this.#pod, this.#place, fieldRef?.fieldPath ?? '')),
      mode,
    }));
  }

  /** Bound to the pod; renewed when a fifth of its life is left, as the kubelet does. */
  async #token({
    path,
    expirationSeconds = TOKEN_SECONDS,
    audience,
  }: NonNullable<ProjectedSource['serviceAccountToken']>): Promise<string> {
    const held = this.#tokens.get(path);
    if (held !== undefined && Date.now() < held.renewAtMs) return held.text;
    const { namespace, name, uid } = this.#pod.metadata;
    const account = this.#pod.spec.serviceAccountName ?? 'default';
    const { status, body } = await this.#api.send(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            expirationSeconds,
            boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
            ...(audience === undefined ? {} : { audiences: [audience] }),
          },
        },
      },
    );
    if (status !== 201)
      throw new Error(`Cannot get a token of ${namespace}/${account}: ${status} ${body.message ?? ''}`);
    this.#tokens.set(path, { text: body.status.token, renewAtMs: Date.now() + expirationSeconds * 800 });
    return body.status.token as string;
  }
}

function keyed(
  kind: Keyed['kind'],
  name: string,
  { items, optional = false }: { items?: Keyed['items']; optional?: boolean },
  mode = DEFAULT_MODE,
): Keyed {
  return { kind, name, items, optional, mode };
}
