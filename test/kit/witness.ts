/** Looks at every message of the SBC and remembers what breaks a rule: of Teams, or of RFC 3261 where no party would notice. */
import { angled, bodyOf, cseqOf, field, methodOf, parameter, statusOf } from './agent-text.ts';
import type { Carried } from './network.ts';
import { teamsFault } from './teams-fault.ts';

/** Teams: what its proxy allows (teams-direct-routing O14); PRACK, UPDATE, INFO, REFER are answered with a refusal at best. */
const allowedTowardsTeams: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'NOTIFY']);

export interface WitnessParams {
  /** Host of our Contact towards Teams. */
  readonly fqdn: string;
  /** Names of the parties that are Teams. */
  readonly teams: readonly string[];
}

export class Witness {
  readonly problems: string[] = [];
  readonly #params: WitnessParams;
  /** The final status of each INVITE of a party, by branch. */
  readonly #finals = new Map<string, number>();
  /** Our newest CSeq in each dialog. */
  readonly #sequences = new Map<string, number>();
  /** Of our requests. */
  readonly #branches = new Set<string>();
  /** Our `m=` line and address towards Teams, by our tag. */
  readonly #media = new Map<string, string>();
  /** Microsoft's Contact, by Call-ID. */
  readonly #targets = new Map<string, string>();

  constructor(params: WitnessParams) {
    this.#params = params;
  }

  sees({ from, to, text }: Carried): void {
    if (from !== 'sbc') {
      if (this.#params.teams.includes(from)) this.#learnTarget(text);
      return;
    }
    const problem = this.#problemOf(text) ?? (this.#params.teams.includes(to) ? this.#teamsProblem(text) : undefined);
    if (problem !== undefined) this.problems.push(`sbc to ${to}: ${problem}\n${text}`);
  }

  #learnTarget(text: string): void {
    const contact = field(text, 'Contact');
    const { method } = cseqOf(text);
    if (contact !== '' && method === 'INVITE' && statusOf(text) < 300)
      this.#targets.set(field(text, 'Call-ID'), angled(contact));
  }

  #problemOf(text: string): string | undefined {
    const status = statusOf(text);
    return status === 0 ? this.#requestProblem(text) : this.#responseProblem(text, status);
  }

  /** RFC 3261 §17.2.1: one final response, and a 2xx after a refusal least of all. */
  #responseProblem(text: string, status: number): string | undefined {
    if (cseqOf(text).method !== 'INVITE' || status < 200) return undefined;
    const branch = parameter(field(text, 'Via'), 'branch');
    const before = this.#finals.get(branch);
    this.#finals.set(branch, status);
    return before === undefined || before === status ? undefined : `${status} after ${before} to one INVITE`;
  }

  /** RFC 3261 §12.2.1.1: the numbers of one side grow. */
  #requestProblem(text: string): string | undefined {
    const { number, method } = cseqOf(text);
    if (method === 'ACK' || method === 'CANCEL') return undefined;
    const [from, to] = [field(text, 'From'), field(text, 'To')];
    const key = `${field(text, 'Call-ID')} ${parameter(from, 'tag')} ${parameter(to, 'tag')}`;
    const branch = parameter(field(text, 'Via'), 'branch');
    // A request that is repeated has its number already, also where a BYE went out meanwhile.
    if (this.#branches.has(branch)) return undefined;
    this.#branches.add(branch);
    const before = this.#sequences.get(key);
    this.#sequences.set(key, number);
    // There may be gaps: a request that found no connection has had its number.
    return before === undefined || number > before ? undefined : `CSeq ${number} after ${before}`;
  }

  #teamsProblem(text: string): string | undefined {
    const status = statusOf(text);
    const { method } = cseqOf(text);
    const contact = field(text, 'Contact');
    if (status === 0 && !allowedTowardsTeams.has(methodOf(text))) return `Teams takes no ${methodOf(text)}`;
    const fault = teamsFault(text);
    if (fault !== undefined) return fault;
    const isForming =
      method === 'INVITE' && (status === 0 ? methodOf(text) === 'INVITE' : status > 100 && status < 300);
    if (isForming && !contact.includes(`@${this.#params.fqdn}`) && !contact.includes(`sip:${this.#params.fqdn}`))
      return `Contact is ${contact}`;
    return this.#targetProblem(text, status) ?? this.#descriptionProblem(text, isForming && status === 0);
  }

  #targetProblem(text: string, status: number): string | undefined {
    if (status > 0 || !field(text, 'To').includes(';tag=') || methodOf(text) === 'CANCEL') return undefined;
    // The ACK of a refusal repeats the INVITE's request URI (RFC 3261 §17.1.1.3), and so it may name the number.
    const uri = text.slice(text.indexOf(' ') + 1, text.indexOf(' SIP/2.0'));
    const target = this.#targets.get(field(text, 'Call-ID'));
    if (target === undefined || uri === target || methodOf(text) === 'ACK') return undefined;
    return `request URI is ${uri}, not ${target}`;
  }

  #descriptionProblem(text: string, mustOffer: boolean): string | undefined {
    const sdp = bodyOf(text);
    if (sdp === '') return mustOffer ? 'Teams takes no INVITE without an offer' : undefined;
    const at = sdp.indexOf('m=audio ');
    const media = `${sdp.slice(at, sdp.indexOf(' ', at + 8))} ${/^c=.*$/m.exec(sdp)?.[0] ?? ''}`;
    const ours = parameter(field(text, statusOf(text) > 0 ? 'To' : 'From'), 'tag');
    const before = this.#media.get(ours);
    this.#media.set(ours, media);
    return before === undefined || before === media ? undefined : `its media has moved from ${before} to ${media}`;
  }
}
