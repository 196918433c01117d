/** What the peer of one leg has asked credentials for, and how often each nonce was used since (RFC 3261 §22.2, §22.3; RFC 8760 §2.4). */
import { authorization, isAsStrong, parseChallenge, type Credentials, type DigestChallenge } from '../sip/digest.ts';
import { pinnedTo, type Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import type { ClientTransaction, Flow, HeaderPair } from '../transaction/transaction-user.ts';
import type { LegDependencies } from './leg-dependencies.ts';

/** A request of ours that was answered 401 or 407. */
export interface Refused {
  readonly transaction: ClientTransaction;
  readonly hop: Hop;
  readonly response: Response;
  /** Where the response came from. */
  readonly flow: Flow;
  /** How often this request was repeated for a challenge before. */
  readonly repeated: number;
}

/** A request, as far as its answer depends on it. */
interface Asked {
  readonly method: string;
  readonly uri: string;
  readonly sequence: number;
}

/** One question that is known, and the nonce's use. */
interface Known {
  readonly header: 'Authorization' | 'Proxy-Authorization';
  readonly challenge: DigestChallenge;
  readonly cnonce: string;
  /** Who asked: a host of the trunk, and its address. */
  readonly hosts: readonly string[];
  count: number;
  /** CSeq number of the last request that answered it; `isAsked`: it had been asked for just that request. */
  sequence: number;
  isAsked: boolean;
}

/** A proxy, the server behind it, and a nonce too old for one of them. A peer that goes on asking would keep a call busy for ever. */
const MAX_REPEATS = 4;
/** Realms that may ask for credentials within one leg. */
const MAX_KNOWN = 4;

const asking = [
  ['WWW-Authenticate', 'Authorization'],
  ['Proxy-Authenticate', 'Proxy-Authorization'],
] as const;
const none: readonly HeaderPair[] = [];

export const isChallenge = (status: number): boolean => status === 401 || status === 407;

/** The refused request's own way: not the next target, and not what the name leads to by now. */
export function sameWay({ hop, transaction }: Refused): Hop {
  const { flow } = transaction;
  return flow === undefined ? hop : pinnedTo(hop, flow);
}

export class LegCredentials {
  readonly #dependencies: LegDependencies;
  readonly #trunk: string;
  #known: Known[] = [];
  /** Of the trunk when it last had some: the calls of one that is gone are still hung up. */
  #credentials: Credentials | undefined;

  constructor(dependencies: LegDependencies, trunk: string) {
    this.#dependencies = dependencies;
    this.#trunk = trunk;
  }

  /** For a request that nobody has asked about yet: what its next hop has asked for before. */
  unasked(request: Asked, hop: Hop): readonly HeaderPair[] {
    return this.#answers(request, hop, false);
  }

  /** Takes note of what is asked. False where that can not be answered: the refusal stands, and was logged. */
  learn(refused: Refused): boolean {
    const refusal = this.#learn(refused, this.#current());
    if (refusal !== undefined) this.#giveUp(refused, refusal);
    return refusal === undefined;
  }

  /** What the same request carries under another CSeq number, once its challenges are learned. */
  answer({ transaction, hop }: Refused, sequence: number): readonly HeaderPair[] {
    const { method, uri } = transaction.request;
    return this.#answers({ method, uri, sequence }, hop, true);
  }

  #answers(request: Asked, hop: Hop, isAsked: boolean): readonly HeaderPair[] {
    const credentials = this.#current();
    if (credentials === undefined) return none;
    const known = this.#known.filter(({ hosts }) => hosts.includes(hop.host));
    return known.map((each) => this.#use(each, request, credentials, isAsked));
  }

  #learn(refused: Refused, credentials: Credentials | undefined): Refusal | undefined {
    if (credentials === undefined) return 'no-credentials';
    // Another trunk's peer, or one of no trunk at all, may know the branch of a request; it learns nothing from us.
    const { trunks, formerTrunks = [] } = refused.flow;
    if (!trunks.includes(this.#trunk) && !formerTrunks.includes(this.#trunk)) return 'another-trunk';
    const asked = questionsOf(refused.response, credentials.realm);
    if (asked.length === 0) return 'not-answerable';
    if (refused.repeated >= MAX_REPEATS) return 'asks-for-ever';
    if (asked.some((question) => this.#isRefusal(question, refused.transaction.request))) return 'refused';
    for (const question of asked) this.#remember(question, refused);
    return undefined;
  }

  /** RFC 7616 §3.3: who asks again without `stale` has refused what it got; a nonce that was answered is answered once. */
  #isRefusal({ header, challenge }: Question, { cseq }: Request): boolean {
    const known = this.#find(header, challenge.realm);
    if (known?.sequence !== cseq.number) return false;
    return known.challenge.nonce === challenge.nonce || (known.isAsked && !challenge.isStale);
  }

  #remember({ header, challenge }: Question, { hop, flow }: Refused): void {
    const others = this.#known.filter((known) => known.header !== header || known.challenge.realm !== challenge.realm);
    const cnonce = this.#dependencies.random.token();
    const hosts = [hop.host, flow.address];
    const known: Known = { header, challenge, cnonce, hosts, count: 0, sequence: 0, isAsked: true };
    this.#known = [...others, known].slice(-MAX_KNOWN);
  }

  #use(known: Known, { method, uri, sequence }: Asked, credentials: Credentials, isAsked: boolean): HeaderPair {
    known.count += 1;
    known.sequence = sequence;
    known.isAsked = isAsked;
    const { header, challenge, cnonce, count } = known;
    return [header, authorization(challenge, { method, uri, credentials, cnonce, count })];
  }

  #find(header: string, realm: string): Known | undefined {
    return this.#known.find((known) => known.header === header && known.challenge.realm === realm);
  }

  #current(): Credentials | undefined {
    this.#credentials = this.#dependencies.credentials(this.#trunk) ?? this.#credentials;
    return this.#credentials;
  }

  #giveUp({ transaction, response, flow, hop }: Refused, refusal: Refusal): void {
    const { callId, method } = transaction.request;
    this.#dependencies.log.warn(refusals[refusal], {
      ...{ trunk: this.#trunk, host: hop.host, address: flow.address, callId, method },
      status: response.status,
    });
  }
}

interface Question {
  readonly header: Known['header'];
  readonly challenge: DigestChallenge;
}

/** The strongest question of each realm that we can answer; `realm`: of no other. */
function questionsOf({ headers }: Response, realm: string | undefined): readonly Question[] {
  const questions: Question[] = [];
  for (const [name, header] of asking) {
    for (const value of headers.getAll(name)) {
      const challenge = parseChallenge(value);
      if (challenge === undefined || (realm !== undefined && challenge.realm !== realm)) continue;
      const at = questions.findIndex((each) => each.header === header && each.challenge.realm === challenge.realm);
      const other = questions[at];
      if (other === undefined) questions.push({ header, challenge });
      else if (!isAsStrong(other.challenge, challenge)) questions[at] = { header, challenge };
    }
  }
  return questions.slice(0, MAX_KNOWN);
}

/** Docs: docs/errors.md. Never a value of the challenge or of the credentials. */
const refusals = {
  'no-credentials': 'A peer asks for credentials, and its trunk has none: set spec.auth of the PbxTrunk',
  'another-trunk': 'A request was asked for credentials from outside its trunk, and was given up',
  'not-answerable': 'A peer asks for credentials of another realm, or in a way that nobody here knows',
  'asks-for-ever': 'A peer asks for credentials again and again, and is not asked any more',
  refused: 'A peer refuses the credentials of its trunk: compare user name and password of the Secret in spec.auth',
} as const;

type Refusal = keyof typeof refusals;
