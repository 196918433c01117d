/** The side that asks for a password, on npm `sip`'s digest: a witness that shares no line with ours. MD5 with `qop`. */
import type { Message } from 'sip';
import digest from 'sip/digest.js';

export interface ChallengerLogin {
  readonly username: string;
  readonly password: string;
}

export class Challenger {
  readonly #realm: string;
  readonly #login: ChallengerLogin;
  #context: { realm: string; nc?: number } | undefined;

  constructor(realm: string, login: ChallengerLogin) {
    this.#realm = realm;
    this.#login = login;
  }

  /** The headers of a 401 or 407, with a nonce of its own. */
  asks(status: 401 | 407, { isStale = false } = {}): Readonly<Record<string, unknown>> {
    this.#context = { realm: this.#realm };
    const headers: Record<string, unknown> = {};
    digest.challenge(this.#context, { status, headers });
    if (isStale)
      for (const [challenge] of Object.values(headers) as Record<string, string>[][])
        if (challenge) challenge['stale'] = 'true';
    return headers;
  }

  /** Whether the request answers the last question; each request that uses the nonce is to be shown once, in their order. */
  takes(request: Message): boolean {
    const { username: user, password } = this.#login;
    return this.#context !== undefined && digest.authenticateRequest(this.#context, request, { user, password });
  }
}
