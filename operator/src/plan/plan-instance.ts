/** From manifests to everything one instance runs: the routing state, the pod template, the pods. Pure; the cluster operator and `sbc local` use this same function. */
import type { PodTemplate } from '../objects/kube-types.ts';
import type { SbcInstance } from '@teams-sbc/crds';
import { hashRoutingState } from '@teams-sbc/crds/runtime';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { Manifests } from '../compile/attached.ts';
import { compile } from '../compile/compile.ts';
import type { Note, ObjectRef, Problem } from '../compile/problem.ts';
import { refOf } from '../compile/problem.ts';
import { podTemplate } from '../objects/pod-template.ts';
import type { PlannedPod } from './planned-pods.ts';
import { plannedPods } from './planned-pods.ts';

/** Valid manifests, defaults filled in. */
export interface InstanceManifests extends Manifests {
  readonly instance: SbcInstance;
}

export interface PlannedInstance {
  readonly kind: 'planned';
  readonly instance: ObjectRef;
  readonly state: RoutingState;
  /** `sha256:…` of the canonical document; the runtime reports the same. */
  readonly hash: string;
  readonly podTemplate: PodTemplate;
  /** By ordinal. */
  readonly pods: readonly PlannedPod[];
  /** Only non-blocking ones: the trunks named here are left out of `state`. */
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
}

/** At least one problem is blocking: the last good document stays in force. */
export interface RefusedInstance {
  readonly kind: 'refused';
  readonly instance: ObjectRef;
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
}

export type InstancePlan = PlannedInstance | RefusedInstance;

/** Deterministic: the order of the manifests does not matter. */
export function planInstance(manifests: InstanceManifests): InstancePlan {
  const { instance } = manifests;
  const { state, problems, notes } = compile(instance, manifests);
  if (state === undefined) return { kind: 'refused', instance: refOf(instance), problems, notes };
  return {
    kind: 'planned',
    instance: refOf(instance),
    state,
    hash: hashRoutingState(state),
    podTemplate: podTemplate(instance, state),
    pods: plannedPods(instance, state),
    problems,
    notes,
  };
}
