/** Messages as they go on the wire (RFC 3261 §7). */
import { hasLineBreak } from './characters.ts';
import type { Message } from './message.ts';

/**
 * One character per octet. Content-Length is written here, whatever the headers say. Throws a SyntaxError for a line
 * break in the start line or a header.
 */
export function serialize(message: Message): string {
  return `${startLine(message)}\r\n${message.headers.toWire(message.body.length)}\r\n${message.body}`;
}

function startLine(message: Message): string {
  const line = message.isRequest
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
  if (hasLineBreak(line)) throw new SyntaxError('Cannot write the start line: it holds a line break');
  return line;
}
