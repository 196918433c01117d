/** What is kept of an instance between two looks at it. Losing it costs time, never an outcome. */
import { EntryTexts } from '@teams-sbc/crds/runtime';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { CompileMemo } from '../compile/compile-memo.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { EntryHashes } from '../observe/instance-outcome.ts';
import type { RangeMemory } from '../plan/former-ranges.ts';
import type { PodAddress } from '../plan/plan-addresses.ts';
import type { Claim } from '../plan/plan-claim.ts';
import type { DrainingOutcome } from '../status/draining.ts';
import type { Told } from '../status/told-at-pace.ts';

export interface GoodDocument {
  readonly hash: string;
  readonly state: RoutingState;
  readonly hashes: EntryHashes;
  /** `uid/generation` of the manifests that its entries were made of, by `Kind/name`; of a document that was read back: none. */
  readonly versions: ReadonlyMap<string, string>;
}

export interface PodMemory {
  /** The address at which it was first seen ready. */
  readonly servedAt?: string;
  /** When it was last asked to end its calls; wall-clock milliseconds. */
  readonly askedMs?: number;
  /** For the address that its node has no more. */
  readonly isReplaced?: boolean;
  /** What was said last of an annotation that does nothing. */
  readonly complaint?: string;
}

export interface InstanceMemory {
  /** Whether this operator is the one that looks after it. */
  claim: Claim;
  readonly memo: CompileMemo;
  readonly texts: EntryTexts;
  addresses: ReadonlyMap<number, PodAddress> | undefined;
  /** The newest that was written, or read back. */
  good: GoodDocument | undefined;
  /** What the index names that was written last. */
  routing: { readonly hash: string; readonly shards: number } | undefined;
  /** When `good` became so. */
  goodSinceMs: number;
  /** Of the documents that pods may still run, the newest last. */
  readonly documents: Map<string, EntryHashes>;
  /** The mounted copy of that document: compressing it again gives the same. */
  copy: { readonly hash: string; readonly object: KubeObject } | undefined;
  /** Where SIP may come from, and might until a short while ago. Undefined: nothing was written yet. */
  ranges: RangeMemory | undefined;
  /** The Certificate and its revision whose Secret was read last. */
  issued: string | undefined;
  /** What events were told of last, by subject. */
  readonly told: Map<string, string>;
  /** What events were told of members, by `Kind/name`. */
  readonly notes: Map<string, string>;
  /** By uid. */
  readonly pods: Map<string, PodMemory>;
  /** What the condition `Draining` said last. */
  draining: Told<DrainingOutcome> | undefined;
}

export function emptyMemory(): InstanceMemory {
  return {
    claim: { kind: 'new' },
    memo: new CompileMemo(),
    texts: new EntryTexts(),
    addresses: undefined,
    good: undefined,
    routing: undefined,
    goodSinceMs: 0,
    documents: new Map(),
    copy: undefined,
    ranges: undefined,
    issued: undefined,
    told: new Map(),
    notes: new Map(),
    pods: new Map(),
    draining: undefined,
  };
}

/** Pods that lag further behind have nothing that is current. */
const MAX_DOCUMENTS = 8;

export function keepDocument(memory: InstanceMemory, document: GoodDocument, nowMs: number): void {
  if (memory.good?.hash !== document.hash) memory.goodSinceMs = nowMs;
  memory.good = document;
  memory.documents.delete(document.hash);
  memory.documents.set(document.hash, document.hashes);
  for (const hash of memory.documents.keys()) {
    if (memory.documents.size <= MAX_DOCUMENTS) return;
    memory.documents.delete(hash);
  }
}
