/** Answers requests outside dialogs that are not calls: OPTIONS with what we can do (RFC 3261 §11.2), all others with why not. */
import type { LocalIdentity } from '../sip/local-identity.ts';
import type { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';

export interface ResponderDeps {
  /** Who we are towards the sender of this request; undefined where no trunk of that source is meant. */
  readonly identityFor: (request: Request, trunks: readonly string[]) => LocalIdentity | undefined;
  readonly isDraining: () => boolean;
  readonly onOptions: (trunk: string, address: string) => void;
}

/** Methods of RFCs that we know and do not serve: 405. Anything else is 501 (RFC 3261 §8.2.1, §21.5.2). */
const knownMethods: ReadonlySet<string> = new Set([
  'BYE',
  'REGISTER',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'REFER',
  'MESSAGE',
  'INFO',
  'UPDATE',
  'PRACK',
]);

export class Responder {
  readonly #deps: ResponderDeps;

  constructor(deps: ResponderDeps) {
    this.#deps = deps;
  }

  onRequest(transaction: ServerTransaction): void {
    const { request, flow } = transaction;
    const identity = this.#deps.identityFor(request, flow.trunks);
    const allow = identity?.headers.filter(([name]) => name === 'Allow') ?? [];
    if (request.method !== 'OPTIONS') {
      transaction.respond(responseTo(request, knownMethods.has(request.method) ? 405 : 501, { headers: allow }));
      return;
    }
    if (!identity) {
      transaction.respond(responseTo(request, 404, { reason: 'No Such Trunk' }));
      return;
    }
    this.#deps.onOptions(identity.trunk, flow.address);
    if (this.#deps.isDraining()) {
      transaction.respond(responseTo(request, 503));
      return;
    }
    // Teams: a 200 without Contact is refused.
    transaction.respond(
      responseTo(request, 200, {
        headers: [['Contact', identity.contact], ...identity.headers, ['Accept', 'application/sdp']],
      }),
    );
  }
}
