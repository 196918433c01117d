/** A user agent that plays its plan by itself: light enough for a million calls, and deaf to nothing that a well-behaved peer would hear. */
import type { Clock } from '../../sbc-runtime/src/kernel/clock.ts';
import { AgentCall, type AgentCallDeps } from './agent-call.ts';
import type { CallPlan } from './agent-plan.ts';
import { field, responseText } from './agent-text.ts';
import { AgentTransactions, type Server } from './agent-transactions.ts';
import type { Network, Station } from './network.ts';
import type { Direction } from '../teams-simulator/media.ts';
import type { PartySetup } from './setups.ts';

/** How long a call that is over is still known, for what arrives late. */
const REMEMBERED_MS = 40_000;

export interface AgentParams {
  readonly clock: Clock;
  readonly network: Network;
  readonly setup: PartySetup;
  /** What it does with a call that comes in. */
  readonly planFor: (invite: string) => CallPlan;
  readonly onProblem: (problem: string) => void;
  readonly onOver?: (call: AgentCall) => void;
  /** Keeps every call, for those who ask afterwards. @default false */
  readonly keepsCalls?: boolean;
}

export class Agent {
  readonly name: string;
  readonly station: Station;
  /** All of them, where they are kept. */
  readonly calls: AgentCall[] = [];
  readonly #params: AgentParams;
  readonly #transactions: AgentTransactions;
  readonly #known = new Map<string, AgentCall>();
  readonly #callDeps: AgentCallDeps;
  #drawn = 0;

  constructor(params: AgentParams) {
    const { clock, network, setup } = params;
    const { identity, mediaKind, mediaAddress, dialsAnew, name } = setup.party;
    this.name = name;
    this.#params = params;
    this.station = network.addStation(name, setup.place);
    const onProblem = (problem: string) => params.onProblem(`${name}: ${problem}`);
    this.#transactions = new AgentTransactions({
      ...{ clock, network, station: this.station, onProblem },
      onRequest: (server) => this.#onRequest(server),
      onAck: (ack) => this.#known.get(field(ack, 'Call-ID'))?.onAck(ack),
      onNoAck: (server) => this.#known.get(field(server.request, 'Call-ID'))?.onNoAck(),
    });
    const describe = describer(mediaAddress, mediaKind === 'srtp-sdes');
    this.#callDeps = {
      ...{ clock, transactions: this.#transactions, identity, dialsAnew, describe, onProblem },
      draw: (prefix) => `${prefix}${name}-${++this.#drawn}`,
      onOver: (call) => this.#onOver(call),
    };
  }

  /** Calls and transactions that it still knows. */
  get size(): number {
    return this.#known.size + this.#transactions.size;
  }

  places(plan: CallPlan, number: string): AgentCall {
    return this.#remember(AgentCall.place(this.#callDeps, plan, number));
  }

  #remember(call: AgentCall): AgentCall {
    this.#known.set(call.callId, call);
    if (this.#params.keepsCalls === true) this.calls.push(call);
    return call;
  }

  #onRequest(server: Server): void {
    const { request } = server;
    if (server.key.endsWith(' CANCEL')) {
      this.#onCancel(server);
      return;
    }
    const call = this.#known.get(field(request, 'Call-ID'));
    const isWithin = field(request, 'To').includes(';tag=');
    if (call && isWithin) call.onRequest(server);
    else if (isWithin) this.#transactions.respond(server, 481, responseText(request, 481, ''));
    else if (server.isInvite) this.#remember(AgentCall.take(this.#callDeps, this.#params.planFor(request), server));
    else this.#transactions.respond(server, 200, responseText(request, 200, this.#callDeps.draw('tag-')));
  }

  #onCancel(server: Server): void {
    const invite = this.#transactions.cancelled(server.request);
    const status = invite ? 200 : 481;
    this.#transactions.respond(server, status, responseText(server.request, status, this.#callDeps.draw('tag-')));
    if (invite) this.#known.get(field(server.request, 'Call-ID'))?.cancelled(invite);
  }

  #onOver(call: AgentCall): void {
    this.#params.onOver?.(call);
    this.#params.clock.after(REMEMBERED_MS, () => this.#known.delete(call.callId));
  }
}

function describer(address: string, isSecure: boolean): (version: number, direction: Direction) => string {
  const secure = isSecure
    ? 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ\r\na=rtcp-mux\r\n'
    : '';
  const rest =
    ` IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio 50000 RTP/${isSecure ? 'SAVP' : 'AVP'} 8 0 101\r\n` +
    `${secure}a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n`;
  return (version, direction) => `v=0\r\no=- 1000 ${version}${rest}a=${direction}\r\n`;
}
