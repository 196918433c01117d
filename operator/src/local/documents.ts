/** YAML and JSON text into documents that remember where each field stands, so that a problem can name file and line. Pure. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Document, YAMLMap } from 'yaml';
import type { LocalProblem } from './local-problem.ts';

export interface SourceFile {
  /** As people see it: relative to where they called us. */
  readonly path: string;
  readonly text: string;
}

export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /** Line of the field, from 1; of its nearest parent where the field is missing. */
  lineOf(path: string): number;
}

export interface ParsedFile {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly LocalProblem[];
}

/** Empty documents are left out. A file with one syntax error yields its problems only. */
export function parseFile({ path, text }: SourceFile): ParsedFile {
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  const list: Document[] = Array.isArray(parsed) ? parsed : [];
  // The first error of a document: those behind it are what the parser makes of the rest.
  const problems = list.flatMap(({ errors }) =>
    errors
      .slice(0, 1)
      .map((error) => ({ file: path, line: lineCounter.linePos(error.pos[0]).line, message: error.message })),
  );
  if (problems.length > 0) return { documents: [], problems };
  const documents: SourceDocument[] = [];
  for (const document of list) {
    const line = (offset: number) => lineCounter.linePos(offset).line;
    const start = line(document.contents?.range?.[0] ?? document.range?.[0] ?? 0);
    try {
      // An alias bomb throws here: at most 100 nodes are made of aliases.
      const value: unknown = document.toJS();
      if (value === null || value === undefined) continue;
      documents.push({ file: path, value, lineOf: (field) => line(offsetOf(document, field)) });
    } catch (error) {
      problems.push({ file: path, line: start, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { documents: problems.length > 0 ? [] : documents, problems };
}

function offsetOf(document: Document, path: string): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  const keys = pathKeys(path);
  while (keys.length > 0) {
    if (isMap(node)) {
      const found = takePair(node, keys);
      if (found === undefined) return offset;
      if (isNode(found.key)) offset = found.key.range?.[0] ?? offset;
      node = found.value;
    } else if (isSeq(node)) {
      node = node.items[Number(keys.shift())];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

/** A key may hold dots itself, as `tls.crt` does: the longest that fits is taken from `keys`. */
function takePair(map: YAMLMap, keys: string[]): YAMLMap['items'][number] | undefined {
  for (let count = keys.length; count > 0; count--) {
    const wanted = keys.slice(0, count).join('.');
    const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === wanted);
    if (pair === undefined) continue;
    keys.splice(0, count);
    return pair;
  }
  return undefined;
}

/** `spec.listeners[0].port` → spec, listeners, 0, port. */
function pathKeys(path: string): string[] {
  return path
    .replaceAll('[', '.')
    .replaceAll(']', '')
    .split('.')
    .filter((key) => key !== '');
}
