/** What cert-manager is asked for. Pure. */
import { certificateUsages } from '@teams-sbc/crds';
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { certificateName } from './names.ts';

/** Undefined where the instance brings a Secret. @param secretName `certificateSecret(instance)` */
export function certificate(
  instance: SbcInstance,
  names: Pick<RoutingState, 'pods' | 'trunks'>,
  secretName: string,
): KubeObject | undefined {
  const { issuerRef } = instance.spec.tls;
  if (issuerRef === undefined) return undefined;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: childMetadata(instance, certificateName(instance)),
    spec: {
      secretName,
      dnsNames: certificateNames(names),
      // Teams: the TLS 1.2 suites that Microsoft lists are for RSA keys.
      privateKey: { algorithm: 'RSA', size: 2048, encoding: 'PKCS8', rotationPolicy: 'Always' },
      usages: ['digital signature', 'key encipherment', ...certificateUsages(instance.spec.tls)],
      revisionHistoryLimit: 3,
      issuerRef: { name: issuerRef.name, kind: issuerRef.kind, group: issuerRef.group },
    },
  };
}

/**
 * The names of the pods; below each of them everything, once a trunk has a subdomain, so that the next one needs no new
 * certificate; and the names that tenants bring. As few as that takes, in an order that stays.
 */
function certificateNames({ pods, trunks }: Pick<RoutingState, 'pods' | 'trunks'>): readonly string[] {
  const own = pods.map(({ fqdn }) => fqdn);
  const ofTrunks = new Set(trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.fqdns : [])));
  const isBelow = (name: string) => own.includes(name.slice(name.indexOf('.') + 1));
  const wildcards = [...ofTrunks].some(isBelow) ? own.map((fqdn) => `*.${fqdn}`) : [];
  const listed = [...ofTrunks].filter((name) => !own.includes(name) && !isBelow(name)).toSorted();
  return [...own, ...wildcards, ...listed];
}
