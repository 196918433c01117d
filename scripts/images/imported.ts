/** What a file of ours names when it runs: the imports that are left when its types are gone, and files beside it. Pure. */
import { stripTypeScriptTypes } from 'node:module';

/** Specifiers in order: relative paths, packages, `node:` modules. `new URL('file', import.meta.url)` names a file of its own too. */
export function importedBy(path: string, text: string): readonly string[] {
  const code = path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
  const imports = code.matchAll(
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  const beside = code.matchAll(/\bnew URL\(\s*'([^']+)',\s*import\.meta\.url/g);
  return [
    ...[...imports].map(([, from, effect, later]) => from ?? effect ?? later ?? ''),
    ...[...beside].map(([, name = '']) => (name.startsWith('.') ? name : `./${name}`)),
  ];
}

/** `@scope/name/sub/path` → `@scope/name`. */
export function packageIn(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
