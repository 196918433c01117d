#!/usr/bin/env node
// Runs the CLI on Node >= 26. An older Node runs it through the one that npm pins (docs/adr/0004).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= 26) {
  await import(main);
} else {
  const node = pinnedNode(dirname(main));
  if (node === undefined || process.env.SBC_PINNED_NODE === '1') {
    console.error(
      `Cannot run sbc: it needs Node 26, found ${process.versions.node}; run 'make setup' in the checkout, which brings it`,
    );
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, SBC_PINNED_NODE: '1' },
  });
  // Ctrl-C reaches the child by itself; a signal sent to us alone does not.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => {
    console.error(`Cannot run ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

/** The package itself, in the nearest folder above: npm 10 removes the link in `.bin` (npm/cli#4362). */
function pinnedNode(from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
