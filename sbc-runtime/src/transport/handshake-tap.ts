/**
 * Hands the first octets of a TLS connection to us before OpenSSL gets them, and leaves no trace once it is closed. Node reads a TLS socket
 * without a word to anybody; but its HTTP parser can be put before any stream and taken away again (that is how HTTP upgrades work), and
 * shows what was read whether it is HTTP or not. docs/adr/0013 has what else was tried. Of Node's own, and in no documentation.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Takes the octets of one read; they are a copy. What OpenSSL is to have of them goes through `HandshakeTap.pass`. */
export type OnOctets = (octets: Buffer) => void;

/** Lends taps, and takes them back: a parser is used for one connection after the other, and there are as many as handshakes at once. */
export class HandshakeTaps {
  readonly #newParser: (() => Parser) | undefined = findParser();
  readonly #idle: Parser[] = [];

  /** Undefined where Node has changed: then nothing is tapped, and a chain is judged when OpenSSL has verified it. */
  open(socket: Socket, secure: TLSSocket, onOctets: OnOctets): HandshakeTap | undefined {
    const below: unknown = Reflect.get(socket, '_handle');
    const above: unknown = Reflect.get(secure, '_handle');
    if (this.#newParser === undefined || typeof below !== 'object' || below === null || !isReceiver(above))
      return undefined;
    const parser = this.#idle.pop() ?? this.#newParser();
    parser.consume(below);
    return new HandshakeTap(parser, above, onOctets, (idle) => this.#idle.push(idle));
  }
}

/** False where Node has changed: nothing but a word in the log would show it. */
export const canTapHandshakes = (): boolean => findParser() !== undefined;

export class HandshakeTap {
  readonly #above: Receiver;
  readonly #giveBack: (parser: Parser) => void;
  #parser: Parser | undefined;
  #isHeld = false;

  constructor(parser: Parser, above: Receiver, onOctets: OnOctets, giveBack: (parser: Parser) => void) {
    this.#parser = parser;
    this.#above = above;
    this.#giveBack = giveBack;
    parser.onOctets = onOctets;
  }

  /** To OpenSSL, at once. */
  pass(octets: Buffer): void {
    this.#above.receive(octets);
  }

  /** Nothing more is read until it is closed. */
  hold(): void {
    this.#isHeld = true;
    this.#above.readStop();
  }

  /** OpenSSL reads by itself from now on. Once is enough, more does no harm. */
  close(): void {
    const parser = this.#parser;
    if (parser === undefined) return;
    if (this.#isHeld) this.#above.readStart();
    this.#parser = undefined;
    parser.unconsume();
    parser.onOctets = undefined;
    this.#giveBack(parser);
  }
}

/** What we use of `HTTPParser`. */
interface Parser {
  consume(handle: object): void;
  unconsume(): void;
  onOctets: OnOctets | undefined;
}

/** What we use of a TLS handle. */
interface Receiver {
  receive(octets: Buffer): void;
  readStop(): void;
  readStart(): void;
}

/** The constructor, with the keys under which it keeps what it calls and what it reads. */
interface NativeParser {
  new (): object;
  readonly REQUEST: number;
  readonly kOnExecute: number;
}

function findParser(): (() => Parser) | undefined {
  const common = process.getBuiltinModule('_http_common');
  const native: unknown = common === undefined ? undefined : Reflect.get(common, 'HTTPParser');
  return isNativeParser(native) ? () => wrap(native) : undefined;
}

function wrap(native: NativeParser): Parser {
  const parser = new native();
  const call = (name: string, ...args: unknown[]): unknown => {
    const method: unknown = Reflect.get(parser, name);
    return typeof method === 'function' ? (Reflect.apply(method, parser, args) as unknown) : undefined;
  };
  call('initialize', native.REQUEST, {});
  // What is no HTTP stops it for good: from then on it shows what is read, and parses nothing.
  call('execute', Buffer.from([0]));
  const wrapped: Parser = {
    consume: (handle) => call('consume', handle),
    unconsume: () => call('unconsume'),
    onOctets: undefined,
  };
  Reflect.set(parser, native.kOnExecute, () => {
    const octets = call('getCurrentBuffer');
    if (octets instanceof Buffer) wrapped.onOctets?.(octets);
  });
  return wrapped;
}

const isNativeParser = (native: unknown): native is NativeParser =>
  typeof native === 'function' &&
  typeof Reflect.get(native, 'kOnExecute') === 'number' &&
  ['initialize', 'execute', 'consume', 'unconsume', 'getCurrentBuffer'].every(
    (name) => typeof Reflect.get(native.prototype as object, name) === 'function',
  );

const isReceiver = (handle: unknown): handle is Receiver =>
  typeof handle === 'object' &&
  handle !== null &&
  ['receive', 'readStop', 'readStart'].every((name) => typeof Reflect.get(handle, name) === 'function');
