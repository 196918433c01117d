#!/usr/bin/env node
// Starts the simulator on the Node that npm pinned, whatever Node the machine has: the sources are TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
if (Number(process.versions.node.split('.')[0]) >= 26) {
  await import(main);
} else {
  const node = fileURLToPath(
    new URL(`../../../node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url),
  );
  if (!existsSync(node)) {
    console.error("Cannot run teams-simulator: it needs Node 26, run 'make setup' in the checkout, which brings it");
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, a signal to us alone does not.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
}
