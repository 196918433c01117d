/** The document that a process starts with: the newest one, or, where that one cannot be used, the last one that was in force. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { SbcError } from './kernel/error.ts';
import { loadDocument, type Directories, type LoadedDocument } from './settings/document-files.ts';
import { fatalTlsProblems, tlsSources } from './tls-sources.ts';

export interface FirstDocumentDeps {
  readonly directories: Directories;
  /** Where the last one in force was kept. Undefined: nowhere. */
  readonly accepted: Directories | undefined;
  readonly podName: string;
  readonly wallMs: number;
}

export interface FirstDocument {
  readonly document: LoadedDocument;
  /** Of this pod. */
  readonly ordinal: number;
  /** Why the newest one is not it. */
  readonly refused?: string;
}

/** Throws `SBC_DOCUMENT`, with what is wrong with the newest one. */
export function firstDocument(deps: FirstDocumentDeps): FirstDocument {
  const newest = usable(deps.directories, deps);
  if (typeof newest !== 'string') return newest;
  const before = deps.accepted === undefined ? newest : usable(deps.accepted, deps);
  if (typeof before === 'string') throw new SbcError('SBC_DOCUMENT', newest);
  return { ...before, refused: newest };
}

export function hasFirstDocument(deps: FirstDocumentDeps): boolean {
  try {
    firstDocument(deps);
    return true;
  } catch {
    return false;
  }
}

/** A text says why it is not. */
function usable(directories: Directories, { podName, wallMs }: FirstDocumentDeps): FirstDocument | string {
  const loaded = loadDocument(directories);
  if (!loaded.ok) {
    const { problems } = loaded.refusal;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more problems)` : '';
    return `Cannot use the routing state: ${problems[0]?.message ?? 'no document'}${more}`;
  }
  const { document } = loaded;
  const ordinal = ordinalOf(document.state, podName);
  if (typeof ordinal === 'string') return ordinal;
  const [fatal] = fatalTlsProblems(tlsSources(document, ordinal), wallMs);
  return fatal === undefined ? { document, ordinal } : fatal.message;
}

function ordinalOf(state: RoutingState, podName: string): number | string {
  const pod = state.pods.find((entry) => entry.name === podName);
  if (pod) return pod.ordinal;
  const known = state.pods.map((entry) => entry.name).join(', ');
  return `Cannot start as ${podName}: the routing state knows ${known}, check --pod-name`;
}
