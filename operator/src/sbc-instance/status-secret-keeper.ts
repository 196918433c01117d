/** Keeps the internal Secret of each instance: there, and good for some weeks. The operator never lists Secrets. */
import type { SbcInstance } from '@teams-sbc/crds';
import { childFieldManager } from '../apply/child-writer.ts';
import { refuseForeign } from '../apply/foreign-object.ts';
import type { Clock } from '../kernel/clock.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { statusSecretName } from '../objects/names.ts';
import type { StatusSecret } from '../objects/status-secret.ts';
import { statusSecret } from '../objects/status-secret.ts';
import type { ReferenceCache } from '../references/reference-cache.ts';
import type { Referenced, ReferencePlace } from '../references/referenced.ts';
import { placeText } from '../references/referenced.ts';
import type { PodCredentials } from '../report/status-client.ts';
import { FormerCredentials } from './former-credentials.ts';
import type { Entropy } from './status-certificate.ts';
import { certificatesOf, isUsable, makeStatusSecret } from './status-certificate.ts';

export interface StatusSecretKeeperPorts {
  readonly kube: Pick<KubeClient, 'apply'>;
  readonly references: ReferenceCache;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

export class StatusSecretKeeper {
  readonly #ports: StatusSecretKeeperPorts;
  /** By owner: what this process applied, as JSON; a new release may write other labels. */
  readonly #applied = new Map<string, string>();
  readonly #former = new FormerCredentials();

  constructor(ports: StatusSecretKeeperPorts) {
    this.#ports = ports;
  }

  /** Rejects with `ForeignObject` where it is somebody else's. @param found what stands there now */
  async keep(instance: SbcInstance, found: Referenced | undefined): Promise<StatusSecret> {
    const { clock, entropy, kube, references } = this.#ports;
    const texts = {
      crt: found?.texts.get('tls.crt') ?? '',
      key: found?.texts.get('tls.key') ?? '',
      token: found?.texts.get('token') ?? '',
    };
    const nowMs = clock.wallMs();
    const secret = isUsable(texts, nowMs) ? texts : await makeStatusSecret(texts, { nowMs, entropy });
    const object = statusSecret(instance, secret);
    refuseForeign(object, found?.metadata);
    const wanted = JSON.stringify(object);
    const owner = instance.metadata.uid ?? '';
    if (found !== undefined && secret === texts && this.#applied.get(owner) === wanted) return secret;
    const answer: KubeObject = await kube.apply(object, { fieldManager: childFieldManager, force: true });
    references.put(statusSecretPlace(instance), answer);
    this.#applied.set(owner, wanted);
    return secret;
  }

  /**
   * By what the pods of an instance are asked, and told.
   *
   * @param secret as it stands there; undefined: it does not
   * @param uids of the pods that there are
   * @returns undefined: nothing is known
   */
  credentials(
    instance: SbcInstance,
    secret: Pick<StatusSecret, 'crt' | 'token'> | undefined,
    uids: readonly string[],
  ): PodCredentials | undefined {
    const known = secret && { certificates: certificatesOf(secret.crt), token: secret.token };
    const isWhole = known !== undefined && known.certificates.length > 0 && known.token !== '';
    return this.#former.with(placeText(statusSecretPlace(instance)), isWhole ? known : undefined, uids);
  }

  forget(uid: string): void {
    this.#applied.delete(uid);
  }
}

export function statusSecretPlace(instance: SbcInstance): ReferencePlace {
  return { kind: 'Secret', namespace: instance.metadata.namespace ?? 'default', name: statusSecretName(instance) };
}
