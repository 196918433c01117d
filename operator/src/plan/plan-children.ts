/** Everything that the API server holds for an instance, but its routing state. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { certificateSecret } from '../compile/certificate-secret.ts';
import { ordinals } from '../compile/fqdns.ts';
import { compileListeners } from '../compile/listeners.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { certificate } from '../objects/certificate.ts';
import { certificateNames } from '../objects/certificate-names.ts';
import { clusterPodTemplate } from '../objects/cluster-pod-template.ts';
import { loadBalancerService } from '../objects/load-balancer-service.ts';
import { networkPolicy } from '../objects/network-policy.ts';
import { podDisruptionBudget } from '../objects/pod-disruption-budget.ts';
import { podsService } from '../objects/pods-service.ts';
import { role } from '../objects/role.ts';
import { roleBinding } from '../objects/role-binding.ts';
import { serviceAccount } from '../objects/service-account.ts';
import { serviceMonitor } from '../objects/service-monitor.ts';
import type { FormerRanges } from '../objects/sip-ranges.ts';
import { statefulSet } from '../objects/stateful-set.ts';
import { statusSecret } from '../objects/status-secret.ts';
import type { StatusSecret } from '../objects/status-secret.ts';

export interface ChildrenFacts {
  /** With its uid: the children are owned by it. */
  readonly instance: SbcInstance;
  readonly state: RoutingState;
  /** Which CRDs of others the API server serves. */
  readonly capabilities: { readonly certManager: boolean; readonly serviceMonitor: boolean };
  readonly statusSecret: StatusSecret;
  /** Of `certificateNames(state, …)`. @default without regard to the age of trunks */
  readonly dnsNames?: readonly string[];
  /** `stepRanges(…).former`. @default none */
  readonly formerRanges?: FormerRanges | undefined;
}

/** In the order in which they are applied: what a pod needs at its start, then the pods. Same input, same bytes. */
export function planChildren(facts: ChildrenFacts): readonly KubeObject[] {
  const { instance, state, capabilities } = facts;
  const { dnsNames = certificateNames(state, new Map()).dnsNames } = facts;
  const listeners = compileListeners(instance);
  const secretName = certificateSecret(instance);
  const perPod = instance.spec.network.mode === 'LoadBalancerPerPod' ? ordinals(instance) : [];
  const objects = [
    statusSecret(instance, facts.statusSecret),
    serviceAccount(instance),
    role(instance, state),
    roleBinding(instance),
    capabilities.certManager ? certificate(instance, dnsNames, secretName) : undefined,
    networkPolicy(instance, state, facts.formerRanges),
    podsService(instance, listeners),
    ...perPod.map((ordinal) => loadBalancerService(instance, ordinal, listeners)),
    podDisruptionBudget(instance),
    statefulSet(instance, clusterPodTemplate(instance, listeners, secretName)),
    capabilities.serviceMonitor ? serviceMonitor(instance) : undefined,
  ];
  return objects.filter((object) => object !== undefined);
}
