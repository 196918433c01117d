/** The methods of the RFCs, as constants: a method cut from a message is one of these wherever it can be. */
import { WordTable } from './word-table.ts';

/** RFC 3261 and its extensions; what is not here is still a method, of an extension that we do not know. */
export const methodNames = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'NOTIFY',
  'SUBSCRIBE',
  'MESSAGE',
  'PUBLISH',
] as const;

const table = new WordTable(methodNames.map((name) => [name, name]));

/** The known method that stands in `text` from `from` up to `to`. Methods are case-sensitive (RFC 3261 §7.1). */
export function knownMethodIn(text: string, from: number, to: number): string | undefined {
  return table.find(text, from, to);
}
