/**
 * A reader that takes nothing but what RFC 3261 §25.1 allows, written apart from our parser and stricter than any peer:
 * what we write must pass it. Says what is wrong, in words.
 */

const TOKEN = "[A-Za-z0-9\\-.!%*_+`'~]+";
const HOST = '(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?)(?::\\d{1,5})?';
const QUOTED = '"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\[\\x00-\\x09\\x0b\\x0c\\x0e-\\x7f])*"';
const ESCAPED = '%[0-9A-Fa-f]{2}';
const USER = `(?:[A-Za-z0-9\\-_.!~*'()&=+$,;?/]|${ESCAPED})+(?::(?:[A-Za-z0-9\\-_.!~*'()&=+$,]|${ESCAPED})*)?`;
const PARAM_TEXT = `(?:[A-Za-z0-9\\-_.!~*'()\\[\\]/:&+$]|${ESCAPED})+`;
const URI_PARAMS = `(?:;${PARAM_TEXT}(?:=${PARAM_TEXT})?)*`;
const SIP_URI = `sips?:(?:${USER}@)?${HOST}${URI_PARAMS}`;
const PARAMS = `(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}|\\[[0-9A-Fa-f:.]+\\]))?)*`;
const NAME_ADDR = `(?:(?:${QUOTED}|${TOKEN}(?: ${TOKEN})*) ?)?<${SIP_URI}>${PARAMS}`;

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const listOf = (pattern: string) => whole(`${pattern}(?:, ?${pattern})*`);

const startLine = whole(
  `(?:${TOKEN} (?:${SIP_URI}|tel:[+0-9].*) SIP/2\\.0|SIP/2\\.0 [1-6]\\d\\d [^\\x00-\\x1f\\x7f]*)`,
);
const headerLine = new RegExp(`^(${TOKEN}): ?([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)$`);

const values: Readonly<Record<string, RegExp>> = {
  via: whole(`SIP/2\\.0/(?:UDP|TCP|TLS) ${HOST}${PARAMS}`),
  from: whole(NAME_ADDR),
  to: whole(NAME_ADDR),
  contact: whole(NAME_ADDR),
  'record-route': listOf(NAME_ADDR),
  route: listOf(NAME_ADDR),
  'call-id': /^[^\s@]+(?:@[^\s@]+)?$/,
  cseq: whole(`\\d{1,10} ${TOKEN}`),
  'max-forwards': /^\d{1,3}$/,
  'content-length': /^\d+$/,
  'content-type': whole(`${TOKEN}/${TOKEN}(?: ?${PARAMS})`),
  allow: listOf(TOKEN),
  supported: listOf(TOKEN),
  reason: listOf(`${TOKEN}(?: ?;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*`),
};
const once = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'content-type'];
const mandatory = ['via', 'from', 'to', 'call-id', 'cseq', 'content-length'];

/** Undefined: nothing is wrong. */
export function strictFault(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return 'no empty line';
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  if (!startLine.test(start)) return `start line ${JSON.stringify(start)}`;
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const match = headerLine.exec(line);
    if (match === null) return `line ${JSON.stringify(line)}`;
    const name = match[1]!.toLowerCase();
    if (values[name]?.test(match[2]!) === false) return `${name} ${JSON.stringify(match[2])}`;
    found.set(name, [...(found.get(name) ?? []), match[2]!]);
  }
  for (const name of mandatory) if (!found.has(name)) return `no ${name}`;
  for (const name of once) if ((found.get(name)?.length ?? 0) > 1) return `${name} twice`;
  return faultOfWhole(text.slice(end + 4), start, found);
}

function faultOfWhole(body: string, start: string, found: ReadonlyMap<string, readonly string[]>): string | undefined {
  if (Number(found.get('content-length')![0]) !== body.length) return 'Content-Length is not that of the body';
  if (body !== '' && !found.has('content-type')) return 'a body without Content-Type';
  if (!/;branch=z9hG4bK[^;]+/.test(found.get('via')![0]!)) return 'Via without a branch';
  if (start.startsWith('SIP/2.0 ')) return undefined;
  const method = start.slice(0, start.indexOf(' '));
  if (!found.get('cseq')![0]!.endsWith(` ${method}`)) return 'CSeq names another method';
  if (!found.has('max-forwards')) return 'no Max-Forwards';
  if (!/;tag=/.test(found.get('from')![0]!)) return 'From without a tag';
  return method === 'INVITE' && !found.has('contact') ? 'INVITE without Contact' : undefined;
}
