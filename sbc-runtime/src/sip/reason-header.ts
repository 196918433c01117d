/** The Reason header: why a request was sent or refused (RFC 3326). */
import { parseDigits, quote, trimBlanks, unquote } from './characters.ts';
import { splitList } from './headers.ts';
import { Params, scanHeaderParams } from './params.ts';

export interface Reason {
  /** `SIP`, `Q.850` or another protocol, as written. */
  readonly protocol: string;
  readonly cause?: number | undefined;
  /** Without quotes. */
  readonly text?: string | undefined;
}

/** The reasons of one header value; unreadable elements are left out. */
export function parseReason(value: string): Reason[] {
  const elements: string[] = [];
  splitList(value, elements);
  const reasons: Reason[] = [];
  for (const element of elements) {
    const semicolon = element.indexOf(';');
    const end = semicolon < 0 ? element.length : semicolon;
    const params = new Params();
    const protocol = trimBlanks(element, 0, end);
    if (protocol === '' || scanHeaderParams(element, end, params, false) < 0) continue;
    const text = params.get('text');
    reasons.push({
      protocol,
      cause: parseDigits(params.get('cause') ?? '', 65535),
      text: text === undefined ? undefined : unquote(text),
    });
  }
  return reasons;
}

export function formatReason(reason: Reason): string {
  const cause = reason.cause === undefined ? '' : `;cause=${reason.cause}`;
  const text = reason.text === undefined ? '' : `;text=${quote(reason.text)}`;
  return `${reason.protocol}${cause}${text}`;
}
