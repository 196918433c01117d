/** How a reason of a condition is described, and the one that all begin with. */

type Status = 'True' | 'False' | 'Unknown';

export interface ReasonEntry {
  /** The statuses of the condition with which the reason is used. */
  readonly statuses: readonly Status[];
  /** A sentence without a full stop. */
  readonly meaning: string;
  /** What to do about it; absent: nothing. A sentence without a full stop. */
  readonly remedy?: string;
  /** Nobody has anything to mend on this object: it passes, or is told where it is mended. The summary says Unknown, not False. */
  readonly isProgress?: true;
}

export const good = (meaning: string, remedy?: string): ReasonEntry => entry(['True'], meaning, remedy);
export const bad = (meaning: string, remedy: string): ReasonEntry => entry(['False'], meaning, remedy);
export const open = (meaning: string, remedy?: string): ReasonEntry => entry(['Unknown'], meaning, remedy);
export const passing = (meaning: string, remedy: string): ReasonEntry => ({
  ...bad(meaning, remedy),
  isProgress: true,
});

function entry(statuses: readonly Status[], meaning: string, remedy?: string): ReasonEntry {
  return { statuses, meaning, ...(remedy !== undefined && { remedy }) };
}

export const pending = {
  Pending: open(
    'The operator has not looked at this generation yet',
    'Wait some seconds; if it stays, see whether the operator runs and holds its Lease',
  ),
} as const;
