/** The objects of a directory, sorted by kind: ours checked and with defaults, ConfigMaps and Secrets decoded. Pure. */
import { parseManifest } from '@teams-sbc/crds';
import type { CallRoute, NumberPolicy, PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';
import type { ObjectRef } from '../compile/problem.ts';
import { defaultNamespace, refText } from '../compile/problem.ts';
import type { SourceDocument, SourceFile } from './documents.ts';
import { parseFile } from './documents.ts';
import type { LocalProblem } from './local-problem.ts';
import { parseKeyed } from './keyed-object.ts';
import type { KeyedObject } from './keyed-object.ts';

export interface Resources {
  readonly instances: readonly SbcInstance[];
  readonly teamsTrunks: readonly TeamsTrunk[];
  readonly pbxTrunks: readonly PbxTrunk[];
  readonly callRoutes: readonly CallRoute[];
  readonly numberPolicies: readonly NumberPolicy[];
  /** ConfigMaps and Secrets. */
  readonly keyed: readonly KeyedObject[];
  /** Where an object stands, to tell problems that are found later. */
  placeOf(object: ObjectRef, field?: string): { file: string; line: number } | undefined;
}

export interface ReadResources {
  readonly resources: Resources;
  readonly problems: readonly LocalProblem[];
  /** Documents that local mode does not use, in words. */
  readonly notes: readonly string[];
}

const group = 'teams-sbc.dev/';

export function readResources(files: readonly SourceFile[]): ReadResources {
  const collector = new Collector();
  for (const file of files) {
    const { documents, problems } = parseFile(file);
    collector.problems.push(...problems);
    for (const document of documents) collector.add(document);
  }
  return collector.finish();
}

class Collector {
  readonly problems: LocalProblem[] = [];
  readonly #notes: string[] = [];
  readonly #instances: SbcInstance[] = [];
  readonly #teamsTrunks: TeamsTrunk[] = [];
  readonly #pbxTrunks: PbxTrunk[] = [];
  readonly #callRoutes: CallRoute[] = [];
  readonly #numberPolicies: NumberPolicy[] = [];
  readonly #keyed: KeyedObject[] = [];
  readonly #documents = new Map<string, SourceDocument>();

  add(document: SourceDocument): void {
    const { apiVersion, ref } = envelope(document.value);
    if (apiVersion === 'v1' && (ref.kind === 'Secret' || ref.kind === 'ConfigMap')) {
      if (this.#isFirst(ref, document)) this.#addKeyed(ref, document);
    } else if (apiVersion.startsWith(group) || apiVersion === '' || ref.kind === '') {
      if (ref.name === '' || this.#isFirst(ref, document)) this.#addManifest(ref, document);
    } else {
      this.#notes.push(
        `skipped ${refText(ref)} in ${document.file}: local mode has no use for ${apiVersion} ${ref.kind}`,
      );
    }
  }

  finish(): ReadResources {
    const documents = this.#documents;
    const resources: Resources = {
      instances: this.#instances,
      teamsTrunks: this.#teamsTrunks,
      pbxTrunks: this.#pbxTrunks,
      callRoutes: this.#callRoutes,
      numberPolicies: this.#numberPolicies,
      keyed: this.#keyed,
      placeOf: (object, field = 'metadata.name') => {
        const document = documents.get(keyOf(object));
        return document && { file: document.file, line: document.lineOf(field) };
      },
    };
    return { resources, problems: this.problems, notes: this.#notes };
  }

  #isFirst(ref: ObjectRef, document: SourceDocument): boolean {
    const first = this.#documents.get(keyOf(ref));
    if (first === undefined) {
      this.#documents.set(keyOf(ref), document);
      return true;
    }
    const message = `found a second time, allowed once: it stands in ${first.file}:${String(first.lineOf('metadata.name'))} too`;
    this.problems.push({
      file: document.file,
      line: document.lineOf('metadata.name'),
      object: refText(ref),
      field: 'metadata.name',
      message,
    });
    return false;
  }

  #addKeyed(ref: ObjectRef, document: SourceDocument): void {
    const outcome = parseKeyed(ref, document.value);
    if (outcome.ok) {
      this.#keyed.push(outcome.object);
      return;
    }
    const { field, message } = outcome;
    this.problems.push({ file: document.file, line: document.lineOf(field), object: refText(ref), field, message });
  }

  #addManifest(ref: ObjectRef, document: SourceDocument): void {
    const parsed = parseManifest(document.value);
    if (!parsed.ok) {
      const object = ref.kind === '' ? undefined : refText(ref);
      for (const { path, found, allowed } of parsed.problems) {
        this.problems.push({
          file: document.file,
          line: document.lineOf(path),
          ...(object === undefined ? {} : { object }),
          field: path,
          message: `found ${found}, allowed ${allowed}`,
        });
      }
      return;
    }
    switch (parsed.kind) {
      case 'SbcInstance':
        this.#instances.push(parsed.object);
        return;
      case 'TeamsTrunk':
        this.#teamsTrunks.push(parsed.object);
        return;
      case 'PbxTrunk':
        this.#pbxTrunks.push(parsed.object);
        return;
      case 'CallRoute':
        this.#callRoutes.push(parsed.object);
        return;
      case 'NumberPolicy':
        this.#numberPolicies.push(parsed.object);
        return;
    }
  }
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}

/** What can be told of a document that nobody has checked. */
function envelope(value: unknown): { apiVersion: string; ref: ObjectRef } {
  const object = record(value);
  const metadata = record(object['metadata']);
  const namespace = text(metadata['namespace']);
  return {
    apiVersion: text(object['apiVersion']),
    ref: {
      kind: text(object['kind']),
      namespace: namespace === '' ? defaultNamespace : namespace,
      name: text(metadata['name']),
    },
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
