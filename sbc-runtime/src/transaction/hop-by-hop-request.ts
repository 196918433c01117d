/** The two requests that a transaction makes of its INVITE: the ACK of a final response other than 2xx, and the CANCEL. Pure. */
import { Headers } from '../sip/headers.ts';
import { Request } from '../sip/message.ts';
import type { Response } from '../sip/message.ts';
import type { HeaderPair } from './transaction-user.ts';

const MAX_FORWARDS = '70';

/** RFC 3261 §17.1.1.3: the To, with its tag, is the response's. */
export function ackOf(invite: Request, via: string, response: Response): Request {
  return hopByHop(invite, 'ACK', via, response.headers.get('To') ?? '');
}

/** RFC 3261 §9.1. `headers` are added, such as Reason. */
export function cancelOf(invite: Request, via: string, headers: readonly HeaderPair[]): Request {
  const cancel = hopByHop(invite, 'CANCEL', via, invite.headers.get('To') ?? '');
  for (const [name, value] of headers) cancel.headers.append(name, value);
  return cancel;
}

function hopByHop(invite: Request, method: string, via: string, to: string): Request {
  const pairs: HeaderPair[] = [['Via', via]];
  for (const route of invite.headers.getAll('Route')) pairs.push(['Route', route]);
  pairs.push(
    ['Max-Forwards', MAX_FORWARDS],
    ['From', invite.headers.get('From') ?? ''],
    ['To', to],
    ['Call-ID', invite.callId],
    ['CSeq', `${invite.cseq.number} ${method}`],
  );
  return new Request(method, invite.uri, Headers.from(pairs));
}
