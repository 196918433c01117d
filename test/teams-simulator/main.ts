/** `teams-simulator`: Microsoft's side of Direct Routing as a program. Reads arguments, prints, exits; the rest is a library. */
import { readArguments, UsageError } from './arguments.ts';
import { Commands, wordsOf } from './commands.ts';
import { HELP } from './help.ts';

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  if (args.command === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  return new Commands(args, { write: (text) => process.stdout.write(text), interrupted }).run();
}

try {
  process.exitCode = await main();
} catch (error) {
  const hint = error instanceof UsageError ? '; see teams-simulator --help' : '';
  process.stderr.write(`teams-simulator: ${wordsOf(error).split('\n')[0] ?? ''}${hint}\n`);
  process.exitCode = 2;
}
