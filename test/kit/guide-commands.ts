/**
 * The blocks of the user guide (docs/guide), with the mark that stands on the line above each:
 *
 * - `<!-- run -->`: commands that are run as they are written
 * - `<!-- run with: two nodes -->`: the same, where there is what they need
 * - `<!-- file: sbc.yaml -->`: text that a person saves under this name, before the commands that follow
 * - `<!-- not run here: Let's Encrypt -->`: what this machine lacks
 *
 * All pages are one session: in the order of `guidePages`, in one bash, in one folder that has `charts` in it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type GuideMark =
  | { readonly kind: 'run'; readonly needs?: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'not-run'; readonly why: string };

export interface GuideBlock {
  /** Path below the repository. */
  readonly file: string;
  /** Of the first line inside the block, from 1. */
  readonly line: number;
  /** The heading that it stands under. */
  readonly section: string;
  /** `sh`, `yaml`, `powershell`; `text` shows what a command prints. */
  readonly language: string;
  readonly text: string;
  /** Undefined where none stands there, or one that nobody knows. */
  readonly mark: GuideMark | undefined;
}

export interface GuideCommand {
  readonly file: string;
  readonly line: number;
  /** One command, over as many lines as it has. */
  readonly text: string;
  readonly mark: GuideMark | undefined;
}

/** In the order in which they are read. */
export const guidePages = [
  'docs/guide/from-zero-to-a-ringing-phone.md',
  'docs/guide/operate.md',
  'docs/guide/upgrade-and-rollback.md',
  'docs/guide/security.md',
  'docs/guide/uninstall.md',
] as const;

const repository = join(import.meta.dirname, '..', '..');

/** Every block of every page. */
export function readGuide(): GuideBlock[] {
  return guidePages.flatMap((file) => guideBlocks(file, readFileSync(join(repository, file), 'utf8')));
}

/** Commands of the `sh` blocks. */
export function guideCommands(blocks: readonly GuideBlock[] = readGuide()): GuideCommand[] {
  return blocks.filter(({ language }) => language === 'sh').flatMap(commandsOf);
}

/** @param file told with each block */
export function guideBlocks(file: string, page: string): GuideBlock[] {
  const lines = page.split('\n');
  const blocks: GuideBlock[] = [];
  let section = '';
  for (let at = 0; at < lines.length; at++) {
    section = /^#+ (.+)$/.exec(lines[at] ?? '')?.[1] ?? section;
    const language = /^```(\w*)$/.exec(lines[at] ?? '')?.[1];
    if (/^\s+```/.test(lines[at] ?? '')) throw new SyntaxError(`${file}:${String(at + 1)}: a block begins a line`);
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new SyntaxError(`${file}:${String(at + 1)}: the block has no end`);
    const text = lines.slice(at + 1, end).join('\n');
    blocks.push({ file, line: at + 2, section, language, text, mark: markOf(lines[at - 1] ?? '') });
    at = end;
  }
  return blocks;
}

function markOf(line: string): GuideMark | undefined {
  const words = /^<!-- (.+) -->$/.exec(line)?.[1] ?? '';
  if (words === 'run') return { kind: 'run' };
  const [, what, rest = ''] = /^(run with|file|not run here): (.+)$/.exec(words) ?? [];
  if (what === 'run with') return { kind: 'run', needs: rest };
  if (what === 'file') return { kind: 'file', path: rest };
  return what === undefined ? undefined : { kind: 'not-run', why: rest };
}

function commandsOf({ file, line, text, mark }: GuideBlock): GuideCommand[] {
  const commands: GuideCommand[] = [];
  let open: { readonly line: number; text: string } | undefined;
  for (const [at, written] of text.split('\n').entries()) {
    if (open === undefined && /^\s*(#|$)/.test(written)) continue;
    if (open === undefined) open = { line: line + at, text: written };
    else open.text += `\n${written}`;
    if (goesOn(open.text)) continue;
    commands.push({ file, mark, ...open });
    open = undefined;
  }
  if (open !== undefined) throw new SyntaxError(`${file}:${String(open.line)}: the command has no end`);
  return commands;
}

/** A backslash or a pipe at the end, a quote or a brace that is open. No here-documents: the guide has files for that. */
function goesOn(text: string): boolean {
  if (/(\\|\||&&)$/.test(text)) return true;
  const outside = text.replace(/'[^']*'|"(\\.|[^"\\])*"/g, '').replace(/(^|\s)#.*$/gm, '');
  const count = (sign: string) => outside.split(sign).length - 1;
  return /['"]/.test(outside) || count('{') > count('}');
}
