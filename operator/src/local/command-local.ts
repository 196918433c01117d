/** `sbc local DIRECTORY`: check, lock, start, follow, drain. */
import type { Clock } from '../kernel/clock.ts';
import { endLeftovers } from './children.ts';
import { LocalAgent } from './local-agent.ts';
import type { LocalEvent } from './local-event.ts';
import type { Machine } from './programs.ts';
import { findPrograms } from './programs.ts';
import { makeRunDirectory } from './run-directory.ts';
import { takeLock } from './run-lock.ts';
import { watchManifests } from './watch-directory.ts';

export interface LocalCommand {
  readonly directory: string;
  readonly runDirectory: string;
  readonly log: 'file' | 'inherit';
  readonly userId: number;
  readonly ownPid: number;
  readonly machine: Machine;
  readonly inherited: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly report: (event: LocalEvent) => void;
  /** Calls back for each SIGINT and SIGTERM. */
  readonly onSignal: (callback: () => void) => void;
}

/** `refused`: nothing was started. */
export type LocalResult =
  { readonly kind: 'ended' } | { readonly kind: 'refused'; readonly problems: readonly string[] };

export async function runLocal(command: LocalCommand): Promise<LocalResult> {
  const { clock, directory, report, runDirectory } = command;
  await makeRunDirectory(runDirectory, command.userId);
  const lock = await takeLock(runDirectory, command.ownPid);
  try {
    for (const child of await endLeftovers(runDirectory, clock)) {
      report({ event: 'note', message: `ended ${child}, left over from an earlier run` });
    }
    const agent = new LocalAgent(command);
    const checked = await agent.check();
    if (!checked.ok) return { kind: 'refused', problems: checked.problems };
    // Before anything starts, and again for what is added later.
    findPrograms(command.machine, checked.needsRtpengine);
    let isStopping = false;
    const stopped = new Promise<void>((resolve) =>
      command.onSignal(() => {
        if (!isStopping) report({ event: 'note', message: 'a second signal ends the calls now' });
        isStopping = true;
        agent.stop();
        resolve();
      }),
    );
    if (await agent.start(checked)) {
      report({ event: 'running', directory, runDirectory, pods: [...checked.pods.keys()] });
      const watching = watchManifests(directory, clock, () => agent.follow());
      // What was written between the check and this moment nobody has seen.
      agent.follow();
      await stopped;
      watching.close();
    }
    await agent.ended();
    return { kind: 'ended' };
  } finally {
    await lock.release();
  }
}
