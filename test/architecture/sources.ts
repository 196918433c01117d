/** The product's source files as text, for rules that no linter knows. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceLine {
  /** `sbc-runtime/src/sip/uri.ts:12` */
  readonly place: string;
  readonly file: string;
  readonly text: string;
}

/** Every line of the files that make up the product, tests and generated files left out. */
export function sourceLines(...folders: readonly string[]): SourceLine[] {
  const files = folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  return files.flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .map((text, at) => ({ place: `${file}:${at + 1}`, file, text })),
  );
}

/** Code without what stands behind `//`, and without lines of a block comment. */
export function codeOf(text: string): string {
  if (/^\s*(\/?\*)/.test(text)) return '';
  return text.replace(/(^|\s)\/\/.*$/, '');
}
