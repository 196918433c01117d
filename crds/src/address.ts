/** IP addresses and ranges as people write them (RFC 4632, RFC 4291 §2.2 and §2.3). */
import { isIP } from 'node:net';

/** An IPv4 or IPv6 literal without brackets and without a zone, which names an interface of one machine only. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** True for `10.0.0.0/8` and `2001:db8::/32`; a single address needs its `/32` or `/128`. */
export function isCIDR(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0 || !isAddress(text.slice(0, slash))) return false;
  const prefix = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix)) return false;
  return Number(prefix) <= (text.includes(':') ? 128 : 32);
}
