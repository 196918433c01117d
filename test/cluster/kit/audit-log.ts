/** What was written to the API server, and by whom: its own audit log, of which it writes each line before it answers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes alone, without their bodies: Secrets are among them. */
const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] }, { level: 'None' }],
};

export interface AuditFiles {
  readonly policy: string;
  readonly log: string;
}

export interface AuditedWrite {
  readonly user: string;
  readonly verb: string;
  /** Plural, with its subresource: `teamstrunks/status`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** When the API server received it. */
  readonly atMs: number;
  /** When it had answered. */
  readonly endMs: number;
  readonly code: number;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly responseStatus?: { readonly code?: number };
}

export function auditFiles(directory: string, logs: string): AuditFiles {
  const files = { policy: join(directory, 'audit-policy.json'), log: join(logs, 'audit.log') };
  writeFileSync(files.policy, JSON.stringify(policy));
  return files;
}

export class AuditLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** In the order of their ends, over all lives of the API server. */
  writes(ofInterest: (write: AuditedWrite) => boolean = () => true): AuditedWrite[] {
    if (!existsSync(this.#file)) return [];
    // A kill may have cut a line, and the next life continues it.
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    return lines.flatMap((line) => writeOf(line) ?? []).filter(ofInterest);
  }
}

function writeOf(line: string): AuditedWrite | undefined {
  let event: AuditEvent;
  try {
    event = JSON.parse(line) as AuditEvent;
  } catch {
    return undefined;
  }
  const { user, verb, objectRef, requestReceivedTimestamp, stageTimestamp, responseStatus } = event;
  const { resource = '', subresource, namespace = '', name = '' } = objectRef ?? {};
  return {
    user: user.username,
    verb,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    atMs: Date.parse(requestReceivedTimestamp),
    endMs: Date.parse(stageTimestamp),
    code: responseStatus?.code ?? 0,
  };
}
