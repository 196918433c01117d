/** What the last look at an instance found out, kept for the controllers of its members. In memory: made again after a restart. */
import type { SbcInstanceStatus } from '@teams-sbc/crds';
import type { Problem } from '../compile/problem.ts';
import type { Gateway } from '../plan/gateways.ts';
import type { ReferenceFault } from '../references/resolve-references.ts';
import type { PodView } from '../status/pod-view.ts';

/** Hashes of the entries of a document by `Kind/name`. */
export type EntryHashes = ReadonlyMap<string, string>;

export interface InstanceOutcome {
  /** Why it keeps its last good routing state. */
  readonly blocked: string | undefined;
  /** What the API server refused when it was to be applied: part of it may be. */
  readonly failure: string | undefined;
  /** Members that were looked at, by `Kind/name`: `uid/generation` of each. */
  readonly seen: ReadonlyMap<string, string>;
  /** Of stored manifests that break a rule of this release, by `Kind/name`. */
  readonly invalid: ReadonlyMap<string, string>;
  /** By `Kind/name`. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
  /** What goes on as it was accepted before, for it is refused as it is written, by `Kind/name`: a sentence that says so. */
  readonly former: ReadonlyMap<string, string>;
  /** What is served as it is written and hardly meant so, by `Kind/name`; sentences without a full stop. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
  readonly references: ReadonlyMap<string, ReferenceFault>;
  /** What the entries would be now. */
  readonly hashes: EntryHashes;
  /** The documents of which pods may speak. */
  readonly documents: ReadonlyMap<string, EntryHashes>;
  /** Of the document in force. */
  readonly wanted: string | undefined;
  readonly wantedSinceMs: number;
  readonly pods: readonly PodView[];
  /** By the name of the TeamsTrunk. */
  readonly gateways: ReadonlyMap<string, readonly Gateway[]>;
  readonly certificate: SbcInstanceStatus['certificate'];
  /** TeamsTrunks by `Kind/name` for whose names the certificate has no room, and what that says and helps. */
  readonly uncovered: ReadonlyMap<string, string>;
  /** Names of TeamsTrunks with a subdomain below which nobody sends OPTIONS. */
  readonly orphans: ReadonlySet<string>;
}

/** Whether that document holds the member as it is written now. */
export function isIn(
  { documents, hashes, former }: Pick<InstanceOutcome, 'documents' | 'hashes' | 'former'>,
  member: string,
  hash: string,
) {
  const wanted = former.has(member) ? undefined : hashes.get(member);
  return wanted !== undefined && documents.get(hash)?.get(member) === wanted;
}

/** What its status depends on, in short: another text, another status. */
export function memberSignature(outcome: InstanceOutcome, member: string, shared: string): string {
  const { seen, invalid, problems, former, notes, references, gateways, uncovered, orphans, wanted } = outcome;
  const inSync = outcome.pods
    .map(({ hash }) => (hash !== undefined && isIn(outcome, member, hash) ? '1' : '0'))
    .join('');
  const name = member.slice(member.indexOf('/') + 1);
  const told = [
    invalid.get(member),
    problems.get(member)?.map(({ field, message }) => `${field} ${message}`),
    former.get(member),
    notes.get(member),
    references.get(member)?.message,
    member.startsWith('TeamsTrunk/') ? gateways.get(name) : undefined,
    uncovered.get(member),
    orphans.has(name),
    wanted !== undefined && isIn(outcome, member, wanted),
  ];
  return `${seen.get(member) ?? ''} ${inSync} ${shared} ${JSON.stringify(told)}`;
}

/** What the status of every member depends on. */
export function sharedSignature({ blocked, failure, pods, wanted, certificate }: InstanceOutcome): string {
  const told = pods.map(({ name, uid, isReady, isTerminating, answers, failure, refusal }) => [
    name,
    uid,
    isReady,
    isTerminating,
    answers,
    failure,
    refusal?.hash === wanted && refusal?.problems[0]?.message,
  ]);
  return JSON.stringify([blocked, failure, wanted === undefined, told, certificate]);
}
