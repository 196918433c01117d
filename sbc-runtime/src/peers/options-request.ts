/** The OPTIONS that asks a target whether it lives (RFC 3261 §11.1). Call-ID, tag and Via are the sender's to add. */
import type { Hop } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { Headers } from '../sip/headers.ts';
import { Request } from '../sip/message.ts';

export interface OptionsParts {
  readonly target: Hop;
  readonly identity: LocalIdentity;
  /** From without a tag. */
  readonly from: string;
}

export function optionsRequest({ target, identity, from }: OptionsParts): Request {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const uri = `sip:${host}${target.port === undefined ? '' : `:${target.port}`}`;
  return new Request(
    'OPTIONS',
    uri,
    Headers.from([
      ['Max-Forwards', '70'],
      ['From', from],
      ['To', `<${uri}>`],
      // Teams: an OPTIONS without Contact is refused; its host is where Microsoft sends its own OPTIONS.
      ['Contact', identity.contact],
      ...identity.headers,
      ['Accept', 'application/sdp'],
    ]),
  );
}
