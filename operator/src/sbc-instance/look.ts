/** One look at an instance: what is there, and what its manifests make of it. Types alone. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { Compilation } from '../compile/compile.ts';
import type { Key } from '../frame/controller.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { CertificateNames } from '../objects/certificate-names.ts';
import type { CertificateAssessment } from '../plan/assess-certificate.ts';
import type { RolloutStep } from '../plan/plan-rollout.ts';
import type { ReferenceFault } from '../references/resolve-references.ts';
import type { Referenced } from '../references/referenced.ts';
import type { Members } from '../observe/gather-members.ts';
import type { ObservedPods } from './observe-instance.ts';

export interface Look extends ObservedPods {
  readonly key: Key;
  readonly object: KubeObject;
  readonly instance: SbcInstance;
  readonly members: Members;
  /** Of trunks that are left out, by `Kind/name`. */
  readonly faults: ReadonlyMap<string, ReferenceFault>;
  readonly compilation: Compilation;
  /** Why the manifests of today make no routing state. */
  readonly blocked: string | undefined;
  /** Of today, else the last good one; undefined: there never was any. */
  readonly state: RoutingState | undefined;
  /** The internal Secret as it is there. */
  readonly statusSecret: Referenced | undefined;
  readonly certificate: CertificateAssessment;
  /** The Secret of the certificate holds a pair. */
  readonly hasKeyPair: boolean;
  /** Trunks, by `Kind/name`, of whose Secret or trust bundle only the pods that run have what it held. */
  readonly heldByPods: readonly string[];
  /** What the Certificate is asked for, and the trunks whose names have no room in it. */
  readonly names: CertificateNames;
  /** The Certificate waits: its Secret is there already, and somebody else's. */
  readonly isHeldBack: boolean;
}

/** What was done about it. */
export interface Applied {
  readonly routing: { readonly hash: string; readonly shards: number } | undefined;
  readonly rollout: RolloutStep;
  /** What the API server refused; undefined: nothing. */
  readonly failure?: string | undefined;
}
