/** The journal of calls in its directory: what an earlier process has left there, and what this one writes (ADR 0012). */
import { callSnapshot, type CallSnapshot } from './b2bua/call-snapshot.ts';
import { noJournal, type CallJournal } from './b2bua/call-ports.ts';
import { nothingFound, type FoundCalls } from './b2bua/take-over.ts';
import { Journal, type JournalParams } from './journal/journal.ts';
import { fileIn } from './journal/journal-file.ts';
import { readJournal, type JournalContent } from './journal/journal-text.ts';

export interface KeptCalls {
  readonly journal: CallJournal;
  /** Nothing from the second time on: no call is taken over twice, and the keys in the descriptions stay nowhere else. */
  takeFound(): FoundCalls;
  /** A crash would leave the calls to the process after this one. */
  readonly isWritable: boolean;
  close(): Promise<void>;
}

/** `directory` undefined: a crash takes all calls along. */
export function keepCalls(directory: string | undefined, deps: Omit<JournalParams, 'file'>): KeptCalls {
  if (directory === undefined)
    return { journal: noJournal, isWritable: false, takeFound: () => nothingFound, close: () => Promise.resolve() };
  return keepCallsIn({ ...deps, file: fileIn(directory) });
}

/** What is there cannot keep a process from starting. */
export function keepCallsIn(params: JournalParams): KeptCalls {
  let found = findCalls(params);
  const takeFound = (): FoundCalls => {
    const taken = found;
    found = nothingFound;
    return taken;
  };
  const journal = new Journal(params);
  return {
    ...{ journal, takeFound, close: () => journal.close() },
    get isWritable() {
      return journal.isWritable;
    },
  };
}

function findCalls(params: JournalParams): FoundCalls {
  const { file, log } = params;
  let content: JournalContent<CallSnapshot>;
  try {
    content = readJournal(file.read(), ownSnapshot);
  } catch (error) {
    log.error('Cannot read the journal of calls: those of the process before this one are lost', {
      error: error instanceof Error ? error.message : String(error),
    });
    return nothingFound;
  }
  const { entries: calls, doubtful, foreign, spoiled } = content;
  if (foreign !== undefined)
    log.error('The journal of calls is of another version: its calls end', { found: foreign, calls: doubtful.length });
  else if (spoiled.count > 0)
    log.error('The journal of calls is damaged: what is lost of it is lost, the other calls go on', {
      ...{ lines: spoiled.count, ...spoiled.first },
      ...{ calls: calls.length, ended: doubtful.length },
    });
  // Calls that were found write it anew, one way or the other: until then it is there for the process after this one.
  const isUseless = foreign !== undefined || spoiled.count > 0;
  if (isUseless && calls.length + doubtful.length === 0) remove(params);
  return { calls, doubtful };
}

/** Of a line that was spoiled and is JSON for all that, no call is made. */
function ownSnapshot(id: string, entry: unknown): CallSnapshot | undefined {
  const call = callSnapshot(entry);
  return call?.record.id === id ? call : undefined;
}

/** Where it cannot be, the journal of this process takes its place with its first line. */
function remove({ file, log }: JournalParams): void {
  try {
    file.remove();
  } catch (error) {
    log.error('Cannot remove the journal of calls', { error: error instanceof Error ? error.message : String(error) });
  }
}
