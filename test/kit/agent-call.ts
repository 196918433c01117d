/** One call of an agent: what its plan says, done as a well-behaved user agent does it (RFC 3261 §12–§15). */
import type { Clock, Timer } from '../../sbc-runtime/src/kernel/clock.ts';
import { AgentDialog, type AgentDialogDeps } from './agent-dialog.ts';
import { directionOf, type Direction } from '../teams-simulator/media.ts';
import { angled, bodyOf, cseqOf, field, hopByHopText, mirrored, parameter } from './agent-text.ts';
import type { CallPlan } from './agent-plan.ts';
import type { AgentTransactions, Server } from './agent-transactions.ts';

export interface AgentCallDeps extends AgentDialogDeps {
  readonly clock: Clock;
  readonly transactions: AgentTransactions;
  readonly dialsAnew: boolean;
  readonly onProblem: (problem: string) => void;
  readonly onOver: (call: AgentCall) => void;
}

/** RFC 3261 §14.1: who made the Call-ID waits longer. */
const GLARE_MS = { caller: 3000, called: 1000 };
const MAX_TRIES = 4;
/** A called side that nobody has told to stop stops by itself. */
const RINGS_AT_MOST_MS = 300_000;

export class AgentCall {
  /** `answered`, `cancelled`, `refused 486`, `nothing`; empty while it is not decided. */
  outcome = '';
  isOver = false;
  /** As last agreed. */
  direction: Direction = 'sendrecv';
  /** Responses to our re-INVITEs, in order. */
  readonly reinvites: number[] = [];
  readonly #deps: AgentCallDeps;
  readonly #plan: CallPlan;
  readonly #isCaller: boolean;
  readonly #dialog: AgentDialog;
  #invite = '';
  /** Of the INVITE that calls us; later of a re-INVITE. */
  #server: Server | undefined;
  #acks = new Map<string, string>();
  #isCancelled = false;
  #cancelWaits = false;
  #hasRung = false;
  #act = 0;
  #ringsAtMost: Timer | undefined;
  #isInviting = false;

  private constructor(deps: AgentCallDeps, plan: CallPlan, dialog: AgentDialog, isCaller: boolean) {
    this.#deps = deps;
    this.#plan = plan;
    this.#dialog = dialog;
    this.#isCaller = isCaller;
  }

  static place(deps: AgentCallDeps, plan: CallPlan, number: string): AgentCall {
    const { identity, draw } = deps;
    const [callId, localTag] = [draw('call-'), draw('tag-')];
    const target = identity.sbcUri(number);
    const local = `<sip:${identity.number}@${identity.domain}>;tag=${localTag}`;
    const dialog = new AgentDialog(deps, { callId, localTag, local, remote: `<${target}>`, target });
    const call = new AgentCall(deps, plan, dialog, true);
    call.#invite = dialog.request('INVITE', dialog.describe('sendrecv'));
    deps.transactions.request(call.#invite, false, (status, text) => call.#onInviteResponse(status, text));
    if (plan.cancelsAfterMs !== undefined) deps.clock.after(plan.cancelsAfterMs, () => call.#cancel());
    return call;
  }

  static take(deps: AgentCallDeps, plan: CallPlan, server: Server): AgentCall {
    const { request } = server;
    const localTag = deps.draw('tag-');
    const dialog = new AgentDialog(deps, {
      callId: field(request, 'Call-ID'),
      localTag,
      local: `${field(request, 'To')};tag=${localTag}`,
      remote: field(request, 'From'),
      target: angled(field(request, 'Contact')),
    });
    const call = new AgentCall(deps, plan, dialog, false);
    call.#server = server;
    call.#ringsAtMost = deps.clock.after(RINGS_AT_MOST_MS, () => {
      call.#respond(server, 480);
      call.#end('nothing');
    });
    for (const ring of plan.rings ?? [])
      deps.clock.after(ring.afterMs, () => call.#ring(ring.status, ring.sdp === true));
    if (plan.answers) {
      const { afterMs, status } = plan.answers;
      deps.clock.after(afterMs, () => call.#answer(status));
    }
    return call;
  }

  get callId(): string {
    return this.#dialog.callId;
  }

  // ---- as the caller

  #onInviteResponse(status: number, text: string): void {
    if (status > 0 && status < 200) {
      this.#hasRung = true;
      if (this.#cancelWaits) this.#sendCancel();
    } else if (status >= 200 && status < 300) this.#accepted(text);
    else if (this.outcome === '') {
      this.#end(this.#isCancelled ? 'cancelled' : status === 0 ? 'nothing' : `refused ${status}`);
    } else this.#deps.onProblem(`${status} to an INVITE that was ${this.outcome}`);
  }

  #accepted(ok: string): void {
    const tag = parameter(field(ok, 'To'), 'tag');
    const known = this.#acks.get(`${cseqOf(ok).number} ${tag}`);
    if (known !== undefined) {
      this.#deps.transactions.send(known, this.#deps.dialsAnew);
      return;
    }
    if (this.outcome !== '') {
      this.#deps.onProblem(`a second dialog, or a 2xx to an INVITE that was ${this.outcome}`);
      return;
    }
    this.#dialog.becomes(field(ok, 'To'), angled(field(ok, 'Contact')));
    this.#acknowledge(ok);
    this.direction = directionOf(bodyOf(ok));
    if (this.#isCancelled) {
      this.#bye('cancelled');
      return;
    }
    this.outcome = 'answered';
    this.#nextAct();
  }

  #acknowledge(ok: string): void {
    const { number } = cseqOf(ok);
    const ack = this.#dialog.request('ACK', '', number);
    this.#acks.set(`${number} ${parameter(field(ok, 'To'), 'tag')}`, ack);
    this.#deps.transactions.send(ack, this.#deps.dialsAnew);
  }

  #cancel(): void {
    if (this.outcome !== '' || this.isOver) return;
    this.#isCancelled = true;
    if (this.#hasRung) this.#sendCancel();
    else this.#cancelWaits = true;
  }

  #sendCancel(): void {
    this.#cancelWaits = false;
    const cancel = hopByHopText('CANCEL', this.#invite, field(this.#invite, 'To'));
    this.#deps.transactions.request(cancel, false, () => undefined);
  }

  // ---- as the called side

  #ring(status: number, withSdp: boolean): void {
    if (this.outcome !== '' || this.isOver || !this.#server) return;
    const body = withSdp ? this.#dialog.describe('sendrecv') : '';
    this.#respond(this.#server, status, body);
  }

  #answer(status: number): void {
    const server = this.#server;
    if (this.outcome !== '' || this.isOver || !server) return;
    if (status >= 300) {
      this.#respond(server, status);
      this.#end(`refused ${status}`);
      return;
    }
    this.outcome = 'answered';
    this.#stopsRinging();
    this.#respond(server, status, this.#dialog.describe('sendrecv'));
  }

  /** The SBC cancels its INVITE; the CANCEL is answered already. */
  cancelled(invite: Server): void {
    if (this.#plan.ignoresCancel === true || this.isOver) return;
    this.#respond(invite, 487);
    if (invite === this.#server && this.outcome === '') this.#end('cancelled');
  }

  // ---- within the call

  onRequest(server: Server): void {
    const method = server.key.slice(server.key.indexOf(' ') + 1);
    if (!this.#dialog.holds(server.request)) this.#respond(server, 481);
    else if (method === 'BYE') {
      this.#respond(server, 200);
      this.#answerOpenInvite();
      this.#end(this.outcome === '' ? 'cancelled' : this.outcome);
    } else if (this.isOver) this.#respond(server, 481);
    else if (method === 'INVITE') this.#onReinvite(server);
    else if (method === 'OPTIONS') this.#respond(server, 200);
    else this.#deps.onProblem(`${method} within a call`);
  }

  onAck(ack: string): void {
    const server = this.#server;
    if (!this.#dialog.holds(ack)) return;
    if (server?.status !== 200 || cseqOf(server.request).number !== cseqOf(ack).number) return;
    const isFirst = server.waitMs > 0;
    this.#deps.transactions.acknowledged(server);
    if (isFirst && !this.#isCaller && this.#act === 0 && !this.isOver) this.#nextAct();
  }

  onNoAck(): void {
    if (!this.isOver) this.#bye(this.outcome);
  }

  #onReinvite(server: Server): void {
    if (this.#isInviting) {
      this.#respond(server, 491);
      return;
    }
    this.#server = server;
    this.direction = mirrored(directionOf(bodyOf(server.request)));
    this.#respond(server, 200, this.#dialog.describe(this.direction));
  }

  #nextAct(): void {
    const act = this.#plan.acts?.[this.#act];
    if (!act || this.isOver) return;
    this.#deps.clock.after(act.afterMs, () => {
      if (this.isOver) return;
      this.#act += 1;
      if (act.what === 'bye') this.#bye(this.outcome);
      else if (act.what === 'options') this.#ask('OPTIONS');
      else this.#reinvite(this.#wanted(act.what), 1);
    });
  }

  #wanted(what: 'hold' | 'resume' | 'refresh'): Direction {
    if (what === 'refresh') return this.direction;
    if (what === 'resume') return 'sendrecv';
    // Teams: it holds with inactive; a PBX with sendonly.
    return this.#deps.dialsAnew ? 'inactive' : 'sendonly';
  }

  #ask(method: string): void {
    this.#deps.transactions.request(this.#dialog.request(method, ''), this.#deps.dialsAnew, () => this.#nextAct());
  }

  #reinvite(direction: Direction, tries: number): void {
    if (this.isOver) return;
    this.#isInviting = true;
    const text = this.#dialog.request('INVITE', this.#dialog.describe(direction));
    this.#deps.transactions.request(text, this.#deps.dialsAnew, (status, response) => {
      if (status > 0 && status < 200) return;
      if (status === 200) this.#reinviteAccepted(response);
      else this.#reinviteRefused(status, direction, tries);
    });
  }

  #reinviteAccepted(ok: string): void {
    const known = this.#acks.get(`${cseqOf(ok).number} ${parameter(field(ok, 'To'), 'tag')}`);
    if (known !== undefined) {
      this.#deps.transactions.send(known, this.#deps.dialsAnew);
      return;
    }
    this.#isInviting = false;
    this.reinvites.push(200);
    this.#acknowledge(ok);
    this.direction = mirrored(directionOf(bodyOf(ok)));
    this.#nextAct();
  }

  #reinviteRefused(status: number, direction: Direction, tries: number): void {
    this.#isInviting = false;
    this.reinvites.push(status);
    if (this.isOver) return;
    if (status === 481 || status === 408 || status === 0) this.#bye(this.outcome);
    else if ((status === 491 || status === 500) && tries < MAX_TRIES) {
      const waitMs = this.#isCaller ? GLARE_MS.caller : GLARE_MS.called;
      this.#deps.clock.after(waitMs, () => this.#reinvite(direction, tries + 1));
    } else this.#nextAct();
  }

  #bye(outcome: string): void {
    const text = this.#dialog.request('BYE', '');
    this.#answerOpenInvite();
    this.#end(outcome);
    this.#deps.transactions.request(text, this.#deps.dialsAnew, () => undefined);
  }

  /** RFC 3261 §15.1.2. */
  #answerOpenInvite(): void {
    if (this.#server && this.#server.status < 200) this.#respond(this.#server, 487);
    if (this.#server) this.#deps.transactions.acknowledged(this.#server);
  }

  #end(outcome: string): void {
    this.outcome = outcome;
    this.#stopsRinging();
    if (this.isOver) return;
    this.isOver = true;
    this.#deps.onOver(this);
  }

  #stopsRinging(): void {
    if (this.#ringsAtMost) this.#deps.clock.cancel(this.#ringsAtMost);
    this.#ringsAtMost = undefined;
  }

  #respond(server: Server, status: number, body = ''): void {
    const text = this.#dialog.response(server.request, status, server.isInvite, body);
    this.#deps.transactions.respond(server, status, text);
  }
}
