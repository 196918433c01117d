/** One call of a real PBX on UDP, in either direction: it talks until somebody hangs up. */
import { AgentDialog, type AgentDialogDeps } from '../agent-dialog.ts';
import { angled, bodyOf, cseqOf, field, hopByHopText, mirrored, parameter } from '../agent-text.ts';
import type { AgentTransactions, Server } from '../agent-transactions.ts';
import { directionOf, type Direction } from '../../teams-simulator/media.ts';

/** How one side of a call ended. */
export interface LegEnd {
  readonly by: 'us' | 'sbc';
  /** Where it was refused, cancelled or never answered (0). */
  readonly status?: number;
  /** Value of the Reason header (RFC 3326). */
  readonly reason?: string;
  /** Of a refusal. */
  readonly retryAfterSeconds?: number;
}

export interface PbxCallDeps extends AgentDialogDeps {
  readonly transactions: AgentTransactions;
  readonly onOver: (call: PbxCall) => void;
}

export class PbxCall {
  /** The number that is called, as it stands in the INVITE. */
  readonly number: string;
  /** The 2xx was sent or came; rejects where it did not. */
  readonly answered: Promise<void>;
  readonly ended: Promise<LegEnd>;
  /** The SBC's newest description. */
  remoteSdp = '';
  localSdp = '';
  state: 'Calling' | 'Answered' | 'Ended' = 'Calling';
  readonly #deps: PbxCallDeps;
  readonly #dialog: AgentDialog;
  readonly #answered = Promise.withResolvers<undefined>();
  readonly #ended = Promise.withResolvers<LegEnd>();
  #invite = '';
  /** The INVITE that calls us, or the last re-INVITE. */
  #server: Server | undefined;
  #acks = new Map<number, string>();
  #isCancelled = false;

  private constructor(deps: PbxCallDeps, dialog: AgentDialog, number: string) {
    this.#deps = deps;
    this.#dialog = dialog;
    this.number = number;
    this.answered = this.#answered.promise;
    this.ended = this.#ended.promise;
    this.answered.catch(() => undefined);
  }

  /** `sbc`: host and port, as the request URI shall have them. */
  static place(deps: PbxCallDeps, { sbc, to, from }: { sbc: string; to: string; from: string }): PbxCall {
    const [callId, localTag] = [deps.draw('call-'), deps.draw('tag-')];
    const target = `sip:${to}@${sbc}`;
    const local = `<sip:${from}@${deps.identity.domain}>;tag=${localTag}`;
    const dialog = new AgentDialog(deps, { callId, localTag, local, remote: `<${target}>`, target });
    const call = new PbxCall(deps, dialog, to);
    call.localSdp = dialog.describe('sendrecv');
    call.#invite = dialog.request('INVITE', call.localSdp);
    deps.transactions.request(call.#invite, false, (status, text) => call.#onInviteResponse(status, text));
    return call;
  }

  static take(deps: PbxCallDeps, server: Server): PbxCall {
    const { request } = server;
    const localTag = deps.draw('tag-');
    const dialog = new AgentDialog(deps, {
      callId: field(request, 'Call-ID'),
      localTag,
      local: `${field(request, 'To')};tag=${localTag}`,
      remote: field(request, 'From'),
      target: angled(field(request, 'Contact')),
    });
    const call = new PbxCall(deps, dialog, /^INVITE sips?:([^@;]*)@/.exec(request)?.[1] ?? '');
    call.#server = server;
    call.remoteSdp = bodyOf(request);
    return call;
  }

  get callId(): string {
    return this.#dialog.callId;
  }

  ring(): void {
    if (this.#server && this.state === 'Calling') this.#respond(this.#server, 180);
  }

  answer(): void {
    if (!this.#server || this.state !== 'Calling') return;
    this.localSdp = this.#dialog.describe('sendrecv');
    this.#respond(this.#server, 200, this.localSdp);
    this.state = 'Answered';
    this.#answered.resolve(undefined);
  }

  /** Resolves with the status that answers the BYE; 0: nothing did. */
  bye(): Promise<number> {
    if (this.state === 'Ended') return Promise.resolve(481);
    const bye = this.#dialog.request('BYE', '');
    this.#end({ by: 'us' });
    return new Promise((resolve) => {
      this.#deps.transactions.request(bye, false, (status) => {
        if (status === 0 || status >= 200) resolve(status);
      });
    });
  }

  /** A call of ours that nobody has answered. */
  cancel(): void {
    if (this.state !== 'Calling' || this.#server || this.#isCancelled) return;
    this.#isCancelled = true;
    const cancel = hopByHopText('CANCEL', this.#invite, field(this.#invite, 'To'));
    this.#deps.transactions.request(cancel, false, () => undefined);
  }

  /** Resolves with the final status; 0: none came. */
  reinvite(direction: Direction): Promise<number> {
    const sdp = this.#dialog.describe(direction);
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#deps.transactions.request(this.#dialog.request('INVITE', sdp), false, (status, text) => {
      if (status > 0 && status < 200) return;
      if (status === 200) {
        this.#acknowledge(text);
        this.localSdp = sdp;
        this.remoteSdp = bodyOf(text);
      }
      resolve(status);
    });
    return promise;
  }

  // ---- what comes

  onRequest(server: Server): void {
    const method = server.key.slice(server.key.indexOf(' ') + 1);
    if (!this.#dialog.holds(server.request)) this.#respond(server, 481);
    else if (method === 'BYE') this.#onBye(server);
    else if (this.state === 'Ended') this.#respond(server, 481);
    else if (method === 'INVITE') this.#onReinvite(server);
    else if (method === 'UPDATE' && bodyOf(server.request) !== '') this.#onReinvite(server);
    else this.#respond(server, 200);
  }

  onAck(): void {
    if (this.#server) this.#deps.transactions.acknowledged(this.#server);
  }

  onCancel(invite: Server): void {
    this.#respond(invite, 487);
    this.#end({ by: 'sbc', status: 487 });
  }

  onNoAck(): void {
    if (this.state === 'Answered') void this.bye();
  }

  #onBye(server: Server): void {
    this.#respond(server, 200);
    const reason = field(server.request, 'Reason');
    this.#end({ by: 'sbc', ...(reason === '' ? {} : { reason }) });
  }

  #onReinvite(server: Server): void {
    if (server.isInvite) this.#server = server;
    const offer = bodyOf(server.request);
    if (offer !== '') this.remoteSdp = offer;
    this.localSdp = this.#dialog.describe(mirrored(directionOf(offer)));
    this.#respond(server, 200, this.localSdp);
  }

  #onInviteResponse(status: number, text: string): void {
    if (status > 0 && status < 200) return;
    if (status >= 200 && status < 300) this.#accepted(text);
    else {
      const [reason, retryAfter] = [field(text, 'Reason'), field(text, 'Retry-After')];
      this.#end({
        ...{ by: 'sbc', status },
        ...(reason === '' ? {} : { reason }),
        ...(retryAfter === '' ? {} : { retryAfterSeconds: Number(retryAfter) }),
      });
    }
  }

  #accepted(ok: string): void {
    const again = this.#acks.get(cseqOf(ok).number);
    if (again !== undefined) {
      this.#deps.transactions.send(again, false);
      return;
    }
    this.#dialog.becomes(field(ok, 'To'), angled(field(ok, 'Contact')));
    this.remoteSdp = bodyOf(ok);
    this.#acknowledge(ok);
    if (this.state === 'Ended') {
      // It was given up as nobody answered; now somebody has.
      this.#deps.transactions.request(this.#dialog.request('BYE', ''), false, () => undefined);
      return;
    }
    this.state = 'Answered';
    this.#answered.resolve(undefined);
  }

  #acknowledge(ok: string): void {
    const { number } = cseqOf(ok);
    const known = this.#acks.get(number) ?? this.#dialog.request('ACK', '', number);
    this.#acks.set(number, known);
    this.#deps.transactions.send(known, false);
  }

  #end(end: LegEnd): void {
    if (this.#server) this.#deps.transactions.acknowledged(this.#server);
    if (this.state === 'Ended') return;
    this.state = 'Ended';
    this.#answered.reject(new Error(`The SBC answered ${end.status ?? 0} ${end.reason ?? ''}`.trim()));
    this.#ended.resolve(end);
    this.#deps.onOver(this);
  }

  #respond(server: Server, status: number, body = ''): void {
    const text = this.#dialog.response(server.request, status, server.isInvite, body);
    this.#deps.transactions.respond(server, status, text);
  }
}

/** Of a request; empty where it is outside a dialog. */
export const toTagOf = (request: string): string => parameter(field(request, 'To'), 'tag');
