/** The dialog of an agent's call (RFC 3261 §12), and the texts that go over it. */
import { field, parameter, requestText, responseText, viaText } from './agent-text.ts';
import type { PartyIdentity } from './party-dialog.ts';
import type { Direction } from '../teams-simulator/media.ts';

export interface AgentDialogDeps {
  readonly identity: PartyIdentity;
  readonly describe: (version: number, direction: Direction) => string;
  readonly draw: (prefix: string) => string;
}

export interface DialogNames {
  readonly callId: string;
  readonly localTag: string;
  /** Name-address of ours, with its tag. */
  readonly local: string;
  /** The other side's: without a tag until it is known. */
  readonly remote: string;
  readonly target: string;
}

export class AgentDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly #deps: AgentDialogDeps;
  readonly #local: string;
  #remote: string;
  #target: string;
  #sequence = 0;
  #version = 1;
  #sdp = '';

  constructor(deps: AgentDialogDeps, names: DialogNames) {
    this.#deps = deps;
    this.callId = names.callId;
    this.localTag = names.localTag;
    this.#local = names.local;
    this.#remote = names.remote;
    this.#target = names.target;
  }

  /** The other side has answered. */
  becomes(remote: string, target: string): void {
    this.#remote = remote;
    this.#target = target;
  }

  /** RFC 3261 §12: Call-ID, and both tags. */
  holds(request: string): boolean {
    const remoteTag = parameter(this.#remote, 'tag');
    const isOfPeer = remoteTag === '' || parameter(field(request, 'From'), 'tag') === remoteTag;
    return isOfPeer && parameter(field(request, 'To'), 'tag') === this.localTag;
  }

  /** `sequence`: of the INVITE that an ACK is for; else the next one. */
  request(method: string, body: string, sequence?: number): string {
    const { identity, draw } = this.#deps;
    const isForming = method === 'INVITE' && parameter(this.#remote, 'tag') === '';
    if (sequence === undefined) this.#sequence += 1;
    return requestText({
      method,
      uri: this.#target,
      via: viaText(identity, draw('z9hG4bK-')),
      from: this.#local,
      to: this.#remote,
      callId: this.callId,
      cseq: sequence ?? this.#sequence,
      further: (isForming ? this.#recordRoute : '') + (method === 'INVITE' ? this.#contact : ''),
      body,
    });
  }

  /** `isForming`: it answers an INVITE, and may say where we are. */
  response(request: string, status: number, isForming: boolean, body = ''): string {
    const further = isForming && status < 300 ? this.#contact + this.#recordRoute : '';
    return responseText(request, status, this.localTag, further, body);
  }

  /** The version grows exactly where the text changes (RFC 3264 §8). */
  describe(direction: Direction): string {
    const same = this.#deps.describe(this.#version, direction);
    if (this.#sdp !== '' && same !== this.#sdp) this.#version += 1;
    this.#sdp = this.#deps.describe(this.#version, direction);
    return this.#sdp;
  }

  get #contact(): string {
    return `Contact: <${this.#deps.identity.contact}>\r\n`;
  }

  get #recordRoute(): string {
    const { recordRoute } = this.#deps.identity;
    return recordRoute === undefined ? '' : `Record-Route: ${recordRoute}\r\n`;
  }
}
