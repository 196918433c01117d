/** The request line of HTTP/1.x (RFC 9112 §3). No route of ours asks for a header or a body, so nothing else is read. Pure. */

export type HttpRequestLine =
  | { readonly ok: true; readonly method: string; readonly url: URL }
  | { readonly ok: false; readonly status: 400 | 414 | 505; readonly reason: string };

const MAX_URL_CHARACTERS = 2048;
const MAX_METHOD_CHARACTERS = 16;

/** `head`: all in front of the empty line. */
export function parseRequestLine(head: string): HttpRequestLine {
  const end = head.indexOf('\r\n');
  const line = end === -1 ? head : head.slice(0, end);
  const [method = '', target = '', version = '', ...more] = line.split(' ', 4);
  if (more.length > 0 || method === '' || method.length > MAX_METHOD_CHARACTERS) return badRequest;
  if (!version.startsWith('HTTP/')) return badRequest;
  if (!version.startsWith('HTTP/1.')) return { ok: false, status: 505, reason: 'Only HTTP/1' };
  if (target.length > MAX_URL_CHARACTERS) return { ok: false, status: 414, reason: 'URI too long' };
  const url = URL.parse(target, 'http://localhost');
  return url === null ? badRequest : { ok: true, method, url };
}

const badRequest: HttpRequestLine = { ok: false, status: 400, reason: 'Bad request' };
