/** The document that a process starts with: the newest one, or, where that one cannot be used, the last one that was in force. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { chooseCertificates } from './certificate-choice.ts';
import { SbcError } from './kernel/error.ts';
import {
  loadDocument,
  type Directories,
  type LoadedDocument,
  type RefusedDocument,
} from './settings/document-files.ts';
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

/** There is none to start with. */
export interface Obstacle {
  /** One line. */
  readonly message: string;
  /** Of the newest document, where there is one. */
  readonly refusal: RefusedDocument | undefined;
}

/** Throws `SBC_DOCUMENT`, with what is wrong with the newest one. */
export function firstDocument(deps: FirstDocumentDeps): FirstDocument {
  const found = findFirstDocument(deps);
  if (isObstacle(found)) throw new SbcError('SBC_DOCUMENT', found.message);
  return found;
}

/** Undefined: there is one to start with. */
export function obstacleTo(deps: FirstDocumentDeps): Obstacle | undefined {
  const found = findFirstDocument(deps);
  return isObstacle(found) ? found : undefined;
}

function findFirstDocument(deps: FirstDocumentDeps): FirstDocument | Obstacle {
  const before = deps.accepted === undefined ? undefined : usable(deps.accepted, deps);
  const last = before === undefined || isObstacle(before) ? undefined : before;
  const newest = usable(deps.directories, deps, last?.document);
  return isObstacle(newest) && last !== undefined ? { ...last, refused: newest.message } : newest;
}

const isObstacle = (found: FirstDocument | Obstacle): found is Obstacle => 'message' in found;

/** @param before a certificate, login or bundle that is better than what stands there now is taken from it */
function usable(
  directories: Directories,
  { podName, wallMs }: FirstDocumentDeps,
  before?: LoadedDocument,
): FirstDocument | Obstacle {
  const loaded = loadDocument(directories, () => before);
  if (!loaded.ok) {
    const { problems } = loaded.refusal;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more problems)` : '';
    const message = `Cannot use the routing state: ${problems[0]?.message ?? 'no document'}${more}`;
    return { message, refusal: loaded.refusal };
  }
  const { hash, state } = loaded.document;
  const refused = (message: string, path: string): Obstacle => {
    const problem = { path, message, found: message, allowed: 'a document that this process can serve by' };
    return { message, refusal: { hash, problems: [problem] } };
  };
  const ordinal = ordinalOf(state, podName);
  if (typeof ordinal === 'string') return refused(ordinal, 'pods');
  const document =
    before === undefined
      ? loaded.document
      : chooseCertificates(loaded.document, before, { ordinal, nowMs: wallMs }).document;
  const problems = fatalTlsProblems(tlsSources(document, ordinal), wallMs);
  if (problems[0] === undefined) return { document, ordinal };
  return { message: problems[0].message, refusal: { hash, problems } };
}

function ordinalOf(state: RoutingState, podName: string): number | string {
  const pod = state.pods.find((entry) => entry.name === podName);
  if (pod) return pod.ordinal;
  const known = state.pods.map((entry) => entry.name).join(', ');
  return `Cannot start as ${podName}: the routing state knows ${known}, check --pod-name`;
}
