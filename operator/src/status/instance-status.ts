/** The status of an SbcInstance. Pure. */
import type { ReasonOf, SbcInstance, SbcInstanceStatus } from '@teams-sbc/crds';
import { assessAddresses } from '../plan/assess-addresses.ts';
import type { AddressPlan } from '../plan/plan-addresses.ts';
import type { CertificateStatus } from '../plan/assess-certificate.ts';
import type { RolloutStep } from '../plan/plan-rollout.ts';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { OutcomesOf, StatusOf } from './outcomes.ts';
import { noPodYet } from './no-pod-yet.ts';
import { pending } from './outcomes.ts';
import type { DrainingOutcome } from './draining.ts';
import type { PodView } from './pod-view.ts';
import { namesOf, programmed } from './programmed.ts';
import { readySummary } from './ready.ts';

export interface InstanceFacts {
  readonly instance: SbcInstance;
  /** Why nothing new is handed out: what was, stays in force. */
  readonly blocked: string | undefined;
  readonly pods: readonly PodView[];
  /** By ordinal. */
  readonly fqdns: readonly string[];
  readonly addresses: AddressPlan;
  readonly certificate: {
    readonly condition: OutcomesOf<'SbcInstance'>['CertificateReady'];
    readonly status?: CertificateStatus;
  };
  /** Of the document in force; undefined: none was written yet. */
  readonly routing: { readonly hash: string; readonly shards: number } | undefined;
  readonly wantedForMs: number;
  /** What the API server refused when this was to be applied; undefined: all was. */
  readonly failure: string | undefined;
  /** How long an address has been missing, and how long pods have been starting (Infinity: they were ready and fail, or never end). */
  readonly waitedMs: { readonly AddressesAssigned: number; readonly Available: number };
  readonly rollout: RolloutStep;
  /** `draining(pods)`, told at its pace. */
  readonly draining: DrainingOutcome;
  /** What finds the pods, as `kubectl get pods -l` takes it. */
  readonly selector: string;
}

/** A node, an image, a load balancer: after this long somebody should look. */
export const START_PATIENCE_MS = 300_000;

type Accepted = OutcomesOf<'SbcInstance'>['Accepted'];

export function instanceStatus(facts: InstanceFacts): StatusOf<'SbcInstance', SbcInstanceStatus> {
  const { pods, routing, blocked, wantedForMs } = facts;
  const AcceptedOutcome: Accepted =
    blocked === undefined
      ? { status: 'True', reason: 'Accepted', message: 'The manifest is valid' }
      : { status: 'False', reason: 'DocumentInvalid', message: blocked };
  const Programmed = programmed({
    pods,
    leftOut: blocked === undefined ? undefined : `the last good routing state stays in force: ${blocked}`,
    failure: facts.failure,
    wanted: routing?.hash,
    isIn: (hash) => hash === routing?.hash,
    wantedForMs,
  });
  const others = {
    Accepted: AcceptedOutcome,
    ResolvedRefs: resolvedRefs(facts),
    CertificateReady: facts.certificate.condition,
    AddressesAssigned: addressesAssigned(facts),
    Programmed,
    Available: available(facts),
    Draining: facts.draining,
  } as const;
  const ready = pods.filter(({ isReady }) => isReady);
  return {
    conditions: { ...others, Ready: instanceReady(others, facts.rollout) },
    fields: statusFields(facts, ready),
    isOnItsWay: false,
  };
}

/** Of a stored manifest that breaks a rule of this release: nothing is touched for it. */
export function invalidInstance(message: string): OutcomesOf<'SbcInstance'> {
  const no = <Reason extends string>(reason: Reason) => ({ status: 'False', reason, message }) as const;
  return {
    Accepted: no('Invalid'),
    ResolvedRefs: pending,
    CertificateReady: pending,
    AddressesAssigned: pending,
    Programmed: no('NotAccepted'),
    Available: pending,
    Draining: pending,
    Ready: no('NotAccepted'),
  };
}

function statusFields(facts: InstanceFacts, ready: readonly PodView[]) {
  const { instance, pods, fqdns, addresses, certificate, routing, selector } = facts;
  const entries = fqdns.map((fqdn, ordinal) => ({
    pod: `${instance.metadata.name}-${String(ordinal)}`,
    fqdn,
    ...addresses.addresses.get(ordinal),
  }));
  const list = entries.flatMap(({ address }) => (address === undefined ? [] : [address])).join(',');
  const inSync = ready.filter(({ answers, hash }) => answers && hash === routing?.hash).length;
  return {
    replicas: pods.length,
    readyReplicas: ready.length,
    selector,
    addresses: entries,
    ...(list !== '' && { addressList: list }),
    ...(certificate.status !== undefined && { certificate: certificateField(certificate.status) }),
    ...(routing !== undefined && { routing: { ...routing, podsInSync: inSync } }),
  };
}

/** Of the instance itself: its certificate. What the trunks name stands on them. */
function resolvedRefs({ certificate, instance }: InstanceFacts): OutcomesOf<'SbcInstance'>['ResolvedRefs'] {
  const { reason, message } = certificate.condition;
  if (reason === 'SecretNotFound' && instance.spec.tls.secretRef !== undefined)
    return { status: 'False', reason: 'SecretNotFound', message };
  return { status: 'True', reason: 'ResolvedRefs', message: 'Everything that it names is there' };
}

/** As the schema types it: lists that may be changed. */
export function certificateField({ dnsNames, usages, ...rest }: CertificateStatus) {
  return { ...rest, dnsNames: [...dnsNames], ...(usages !== undefined && { usages: [...usages] }) };
}

/** What keeps pods from being made, where there is none: nobody need look for one. */
function obstacle({ pods, failure }: InstanceFacts): string | undefined {
  return pods.length > 0 || failure === undefined ? undefined : `there is no pod: ${failure}`;
}

function addressesAssigned(facts: InstanceFacts): OutcomesOf<'SbcInstance'>['AddressesAssigned'] {
  const message = obstacle(facts);
  if (message !== undefined && facts.addresses.missing.length > 0)
    return { status: 'Unknown', reason: 'ApplyFailed', message };
  const isLate = facts.waitedMs.AddressesAssigned >= START_PATIENCE_MS;
  const { addresses } = facts.addresses;
  const absent = facts.pods.filter(
    ({ ordinal, isUnplaced, isTerminating }) => isUnplaced === true && !isTerminating && addresses.has(ordinal),
  );
  return assessAddresses(facts.instance, facts.addresses, isLate, namesOf(absent));
}

function available(facts: InstanceFacts): ConditionOutcome<ReasonOf<'SbcInstance', 'Available'>> {
  const { pods, instance, waitedMs } = facts;
  const nothing = obstacle(facts);
  if (nothing !== undefined) return { status: 'False', reason: 'ApplyFailed', message: nothing };
  const { replicas } = instance.spec;
  const ready = pods.filter(({ isReady }) => isReady);
  if (ready.length >= replicas)
    return {
      status: 'True',
      reason: 'Available',
      message: `${String(ready.length)} of ${String(replicas)} pods take calls`,
    };
  if (ready.length > 0) {
    const rest = pods.filter(({ isReady }) => !isReady);
    const message = `${String(ready.length)} of ${String(replicas)} pods take calls, ${othersText(rest)}`;
    return { status: 'True', reason: 'PartlyAvailable', message };
  }
  const draining = pods.filter(({ isTerminating }) => isTerminating);
  if (draining.length > 0 && draining.length === pods.length && waitedMs.Available !== Infinity)
    return { status: 'False', reason: 'Draining', message: drainingText(draining) };
  const message = pods.length === 0 ? noPodYet(instance) : unreadyText(pods);
  const reason = waitedMs.Available < START_PATIENCE_MS ? 'Starting' : 'NoReadyPod';
  return { status: 'False', reason, message };
}

/** So many are explained: what keeps one from being ready keeps the others, as a rule. */
const MOST_TROUBLES = 4;

function unreadyText(pods: readonly PodView[]): string {
  const explained = pods.filter(({ trouble }) => trouble !== undefined).slice(0, MOST_TROUBLES);
  const rest = pods.filter((pod) => !explained.includes(pod));
  const [first] = rest;
  const causes = explained.map(({ name, trouble = '' }) => `${name}: ${trouble}`);
  const others = first === undefined ? [] : [`${namesOf(rest)} (kubectl describe pod ${first.name})`];
  return `not ready: ${[...causes, ...others].join('; ')}`;
}

const drainingText = (pods: readonly PodView[]) =>
  `draining: ${namesOf(pods)}; new calls are answered 503 until a new pod is ready`;

function othersText(pods: readonly PodView[]): string {
  if (pods.length === 0) return 'the others are not there yet';
  const { draining = [], unready = [] } = Object.groupBy(pods, (pod) => (pod.isTerminating ? 'draining' : 'unready'));
  const texts = [
    ...(unready.length === 0 ? [] : [unreadyText(unready)]),
    ...(draining.length === 0 ? [] : [`draining: ${namesOf(draining)}`]),
  ];
  return texts.join('; ');
}

function instanceReady(
  others: Omit<OutcomesOf<'SbcInstance'>, 'Ready'>,
  rollout: RolloutStep,
): OutcomesOf<'SbcInstance'>['Ready'] {
  return readySummary(
    [
      { type: 'Accepted', outcome: others.Accepted, reason: 'NotAccepted' },
      { type: 'ResolvedRefs', outcome: others.ResolvedRefs, reason: 'RefsNotResolved' },
      { type: 'CertificateReady', outcome: others.CertificateReady, reason: 'CertificateNotReady' },
      { type: 'AddressesAssigned', outcome: others.AddressesAssigned, reason: 'AddressesMissing' },
      { type: 'Available', outcome: others.Available, reason: 'NotAvailable' },
      { type: 'Programmed', outcome: others.Programmed, reason: 'NotProgrammed' },
    ] as const,
    rollout.kind === 'wait' ? { status: 'True', reason: 'RollingOut', message: rollout.message } : undefined,
  );
}
