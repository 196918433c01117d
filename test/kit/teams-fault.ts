/**
 * What must not stand in any message that Teams gets, whatever the call: addresses in the place of names, our routes,
 * `sips:` and empty users. Every scenario checks every message with it. On text, so that no parser of ours has a say.
 */

/** Headers in which Teams reads a host. */
const NAMED = ['via', 'contact', 'record-route', 'route', 'from', 'to', 'p-asserted-identity', 'referred-by'];
const COMPACT: Readonly<Record<string, string>> = { v: 'via', m: 'contact', f: 'from', t: 'to', b: 'referred-by' };
/** An IPv4 literal where a host may stand, an IPv6 literal in brackets, or this machine's own name. */
const ADDRESS = /(?:[\s@:;=<]|^)(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|localhost)(?=[\s:;>,?]|$)/i;

/** In words; undefined where Teams would be content. */
export function teamsFault(text: string): string | undefined {
  const [start = '', ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  const isRequest = !start.startsWith('SIP/2.0 ');
  if (isRequest && ADDRESS.test(start)) return `an address in the request URI: ${start}`;
  if (/sips:/i.test(start)) return `sips: in ${start}`;
  for (const line of lines) {
    const fault = lineFault(line, isRequest);
    if (fault !== undefined) return `${fault}: ${line}`;
  }
  return descriptionFault(text.slice(text.indexOf('\r\n\r\n') + 4));
}

function lineFault(line: string, isRequest: boolean): string | undefined {
  const colon = line.indexOf(':');
  const written = line.slice(0, colon).trim().toLowerCase();
  const name = COMPACT[written] ?? written;
  const value = line.slice(colon + 1);
  if (/sips:/i.test(value)) return 'sips: in a header';
  // Responses repeat the Via, From, To and Record-Route that Teams itself has written.
  if (!isRequest && (name === 'via' || name === 'from' || name === 'to')) return undefined;
  if (/sip:@/i.test(value)) return 'an empty user before @';
  if (name === 'replaces') return 'Replaces, which Teams refuses';
  if (name === 'require' && value.includes('100rel')) return '100rel is required';
  if (name === 'record-route' && (isRequest || !/pstnhub\.microsoft\.(com|us)/.test(value))) return 'a route of ours';
  return NAMED.includes(name) && ADDRESS.test(value) ? 'an address where Teams wants a name' : undefined;
}

/** A description for Teams: SRTP, a real address, directions that it knows, every payload type once. */
export function descriptionFault(body: string): string | undefined {
  if (!body.startsWith('v=0')) return undefined;
  for (const line of body.split('\r\n')) {
    if (/^c=\S+ \S+ (0\.0\.0\.0|::)$/.test(line)) return `an address that is none: ${line}`;
    if (/^a=(sendonly|recvonly)$/.test(line)) return `a direction that Teams does not know: ${line}`;
    const [, port, profile, formats = ''] = /^m=audio (\d+) (\S+) (.*)$/.exec(line) ?? [];
    if (port === undefined) continue;
    if (port === '0') return `a stream without a port: ${line}`;
    if (profile !== 'RTP/SAVP') return `plain RTP: ${line}`;
    const list = formats.split(' ');
    if (new Set(list).size !== list.length) return `a payload type twice: ${line}`;
  }
  return undefined;
}
