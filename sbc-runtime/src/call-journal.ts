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
  close(): Promise<void>;
}

/** `directory` undefined: a crash takes all calls along. */
export function keepCalls(directory: string | undefined, deps: Omit<JournalParams, 'file'>): KeptCalls {
  if (directory === undefined)
    return { journal: noJournal, takeFound: () => nothingFound, close: () => Promise.resolve() };
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
  return { journal, takeFound, close: () => journal.close() };
}

function findCalls(params: JournalParams): FoundCalls {
  const { file, log } = params;
  let content: JournalContent;
  try {
    content = readJournal(file.read());
  } catch (error) {
    log.error('Cannot read the journal of calls: those of the process before this one are lost', {
      error: error instanceof Error ? error.message : String(error),
    });
    return nothingFound;
  }
  if (content.kind === 'foreign') {
    log.error('The journal of calls is of another version: those of the process before this one are lost', {
      found: content.found,
    });
    remove(params);
    return nothingFound;
  }
  const calls = content.entries.map(callSnapshot).filter((call): call is CallSnapshot => call !== undefined);
  const isDamaged = content.kind === 'damaged' || calls.length < content.entries.length;
  if (isDamaged) {
    const where = content.kind === 'damaged' ? { line: content.line, problem: content.problem } : {};
    log.error('The journal of calls is damaged: its calls end', { calls: calls.length, ...where });
    remove(params);
  }
  return { calls, isDamaged };
}

/** Where it cannot be, the journal of this process takes its place with its first line. */
function remove({ file, log }: JournalParams): void {
  try {
    file.remove();
  } catch (error) {
    log.error('Cannot remove the journal of calls', { error: error instanceof Error ? error.message : String(error) });
  }
}
