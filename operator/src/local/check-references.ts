/** What a plan needs from the directory besides its own kinds: certificate, key, trust roots, addresses. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ObjectRef } from '../compile/problem.ts';
import { defaultNamespace } from '../compile/problem.ts';
import type { PlannedInstance } from '../plan/plan-instance.ts';
import { caBundleFault, certificateFaults, certificateWarnings } from './check-certificate.ts';
import type { CertificateFault } from './check-certificate.ts';
import type { KeyedObject } from './keyed-object.ts';
import type { LocalProblem } from './local-problem.ts';
import { placedProblem } from './plan-directory.ts';
import type { Resources } from './resources.ts';

/** Where the directory is given to `sbc local`; the remedies name it. */
export interface ReferenceContext {
  readonly directory: string;
  readonly wallMs: number;
}

export function referenceProblems(
  resources: Resources,
  plans: readonly PlannedInstance[],
  context: ReferenceContext,
): LocalProblem[] {
  return plans.flatMap((plan) => {
    const instance = resources.instances.find(({ metadata }) => isNamed(metadata, plan.instance));
    if (instance === undefined) return [];
    return [
      ...addressProblems(resources, instance, plan),
      ...certificateProblems(resources, instance, plan, context),
      ...trustProblems(resources, plan),
      ...loginProblems(resources, plan, context),
    ];
  });
}

/** Of the certificates that are there: what makes them useless, and what soon will. */
export function judgedCertificates(
  resources: Resources,
  plans: readonly PlannedInstance[],
  wallMs: number,
): { readonly problems: LocalProblem[]; readonly warnings: LocalProblem[] } {
  const judged = { problems: [] as LocalProblem[], warnings: [] as LocalProblem[] };
  for (const plan of plans) {
    const instance = resources.instances.find(({ metadata }) => isNamed(metadata, plan.instance));
    const name = instance?.spec.tls.secretRef?.name;
    const secret =
      name === undefined
        ? undefined
        : findKeyed(resources, { kind: 'Secret', namespace: plan.instance.namespace, name });
    if (secret === undefined) continue;
    const placed = ({ key, message }: CertificateFault) =>
      placedProblem(resources, secret, fieldOf(secret, key), message);
    judged.problems.push(...certificateFaults(secret.entries, fqdnsOf(plan), wallMs).map(placed));
    judged.warnings.push(...certificateWarnings(secret.entries, wallMs).map(placed));
  }
  return judged;
}

function addressProblems(resources: Resources, instance: SbcInstance, plan: PlannedInstance): LocalProblem[] {
  if (instance.spec.network.addresses.length > 0) return [];
  const count = plan.pods.length;
  const message = `found none, allowed ${count === 1 ? 'one' : String(count)} here: no cluster gives a pod its address, write {address: 127.0.0.10} or {address: <public>, bindAddress: <of this machine>}`;
  return [placedProblem(resources, plan.instance, 'spec.network.addresses', message)];
}

function certificateProblems(
  resources: Resources,
  instance: SbcInstance,
  plan: PlannedInstance,
  { directory, wallMs }: ReferenceContext,
): LocalProblem[] {
  const { secretRef } = instance.spec.tls;
  const bring = (name: string) =>
    `kubectl create secret tls ${name} --cert=fullchain.pem --key=privkey.pem --dry-run=client -o yaml > ${directory}/${name}.yaml`;
  if (secretRef === undefined) {
    const name = `${plan.instance.name}-tls`;
    const message = `cert-manager needs a cluster: set tls.secretRef.name to ${name} and bring that Secret with '${bring(name)}'`;
    return [placedProblem(resources, plan.instance, 'spec.tls.issuerRef', message)];
  }
  const secret = findKeyed(resources, { kind: 'Secret', namespace: plan.instance.namespace, name: secretRef.name });
  if (secret === undefined) {
    const message = `found ${secretRef.name}, but no Secret of that name in namespace ${plan.instance.namespace}: bring it with '${bring(secretRef.name)}'`;
    return [placedProblem(resources, plan.instance, 'spec.tls.secretRef.name', message)];
  }
  return certificateFaults(secret.entries, fqdnsOf(plan), wallMs).map(({ key, message }) =>
    placedProblem(resources, secret, fieldOf(secret, key), message),
  );
}

function fqdnsOf({ state }: PlannedInstance): string[] {
  const trunks = state.trunks.flatMap((trunk) => (trunk.kind === 'TeamsTrunk' ? trunk.fqdns : []));
  return [...state.pods.map(({ fqdn }) => fqdn), ...trunks];
}

function trustProblems(resources: Resources, plan: PlannedInstance): LocalProblem[] {
  const problems: LocalProblem[] = [];
  for (const { name: bundleName, source } of plan.state.trustBundles) {
    if ('preset' in source) continue;
    const users = plan.state.trunks.filter(({ tls }) => tls?.trustBundle === bundleName);
    const bundle = findKeyed(resources, { ...source, namespace: plan.instance.namespace });
    const content = bundle?.entries.get(source.key);
    if (content !== undefined && bundle !== undefined) {
      const fault = caBundleFault(content);
      if (fault !== undefined) problems.push(placedProblem(resources, bundle, fieldOf(bundle, source.key), fault));
      continue;
    }
    const message =
      bundle === undefined
        ? `found ${source.name}, but no ${source.kind} of that name in namespace ${plan.instance.namespace}: add it to the directory`
        : `found ${source.key}, but ${source.kind}/${source.name} has no such key: it has ${[...bundle.entries.keys()].join(', ') || 'none'}`;
    const field = `spec.tls.trust.caBundleRef.${bundle === undefined ? 'name' : 'key'}`;
    for (const { kind, name } of users) {
      problems.push(placedProblem(resources, { kind, namespace: plan.instance.namespace, name }, field, message));
    }
  }
  return problems;
}

/** The Secrets of `spec.auth`: there, and with what the runtime will look for. Never a word about their values. */
function loginProblems(resources: Resources, plan: PlannedInstance, { directory }: ReferenceContext): LocalProblem[] {
  const { namespace } = plan.instance;
  return plan.state.trunks.flatMap((trunk) => {
    if (trunk.kind !== 'PbxTrunk' || trunk.auth === undefined) return [];
    const name = trunk.auth.secret;
    const secret = findKeyed(resources, { kind: 'Secret', namespace, name });
    const missing = ['username', 'password'].filter((key) => (secret?.entries.get(key)?.length ?? 0) === 0);
    if (missing.length === 0) return [];
    const bring = `kubectl create secret generic ${name} --type=kubernetes.io/basic-auth --from-literal=username=<user> --from-literal=password=<password> --dry-run=client -o yaml > ${directory}/${name}.yaml`;
    const message =
      secret === undefined
        ? `found ${name}, but no Secret of that name in namespace ${namespace}: bring it with '${bring}'`
        : `found ${name}, but Secret/${name} has no ${missing.join(' and no ')}: it has ${[...secret.entries.keys()].join(', ') || 'none'}`;
    return [
      placedProblem(resources, { kind: trunk.kind, namespace, name: trunk.name }, 'spec.auth.secretRef.name', message),
    ];
  });
}

function fieldOf({ fields }: KeyedObject, key: string): string {
  return fields.get(key) ?? 'data';
}

export function findKeyed({ keyed }: Resources, ref: ObjectRef): KeyedObject | undefined {
  return keyed.find(
    ({ kind, namespace, name }) => kind === ref.kind && namespace === ref.namespace && name === ref.name,
  );
}

function isNamed(metadata: { name: string; namespace?: string | undefined }, ref: ObjectRef): boolean {
  return metadata.name === ref.name && (metadata.namespace ?? defaultNamespace) === ref.namespace;
}
