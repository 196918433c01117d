/** The calls of a scripted party: by Call-ID, by the names that a scenario gives them, and the one it last spoke of. */
import type { Message } from 'sip';
import type { PartyDialog } from './party-dialog.ts';

export class PartyCalls {
  readonly #dialogs = new Map<string, PartyDialog>();
  readonly #callIds = new Map<string, string>();
  #current: PartyDialog | undefined;

  get current(): PartyDialog | undefined {
    return this.#current;
  }

  /** The call that the message belongs to. */
  of(message: Message): PartyDialog | undefined {
    return this.#dialogs.get(message.headers['call-id']);
  }

  /** Without a name: the current one. */
  named(name: string | undefined): PartyDialog | undefined {
    const callId = name === undefined ? this.#current?.callId : this.#callIds.get(name);
    return callId === undefined ? undefined : this.#dialogs.get(callId);
  }

  /** It is the current call from now on, and has this name. */
  use(dialog: PartyDialog, name?: string): void {
    this.#dialogs.set(dialog.callId, dialog);
    if (name !== undefined) this.#callIds.set(name, dialog.callId);
    this.#current = dialog;
  }
}
