/** Variables of a script: `${number}`, saved from messages, or parts of a message that has a name: `${ok.Contact}`. */
import type { Arrival } from '../connection.ts';
import { rawValue } from '../wire.ts';

const MAX_RESULT = 65_536;

export class Variables {
  readonly #values = new Map<string, string>();
  readonly #messages = new Map<string, Pick<Arrival, 'message' | 'text'>>();

  constructor(values: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  name(name: string, arrival: Pick<Arrival, 'message' | 'text'>): void {
    this.#messages.set(name, arrival);
  }

  /** Throws where a name is not known. */
  fill(text: string): string {
    const filled = text.replace(/\$\{([^}]{1,200})\}/g, (_, name: string) => this.#get(name));
    if (filled.length > MAX_RESULT) throw new Error(`a value grows beyond ${MAX_RESULT} octets`);
    return filled;
  }

  #get(name: string): string {
    const value = this.#values.get(name) ?? this.#partOf(name);
    if (value === undefined) throw new Error(`\${${name}} is not known`);
    return value;
  }

  #partOf(name: string): string | undefined {
    const [, message = '', part = ''] = /^([^.]+)\.(.+)$/.exec(name) ?? [];
    const named = this.#messages.get(message);
    if (!named) return undefined;
    const { headers, uri, status } = named.message;
    const parts: Readonly<Record<string, string | null | undefined>> = {
      uri,
      status: status?.toString(),
      'to-tag': headers.to.params['tag'],
      'from-tag': headers.from.params['tag'],
      contact: headers.contact?.[0]?.uri,
    };
    return parts[part] ?? rawValue(named.text, part);
  }
}
