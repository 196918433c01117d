/** npm `sip` 0.0.6, the parts that the tests use: its codec, never its sockets. Text is latin1: one character per octet. */
declare module 'sip' {
  type Params = Record<string, string | null>;

  interface Address {
    name?: string | undefined;
    uri: string;
    params: Params;
  }

  interface Via {
    version?: string;
    protocol: string;
    host: string;
    port?: number | undefined;
    params: Params;
  }

  /** Route and Record-Route come with parsed URIs; what the codec cannot read has no `uri`. */
  interface RouteAddress {
    name?: string | undefined;
    uri?: Uri;
    params: Params;
  }

  interface Uri {
    schema: string;
    user?: string;
    password?: string;
    host: string;
    /** NaN where the URI has none. */
    port: number;
    params: Params;
    headers: Record<string, string>;
  }

  /** Names in lower case. Headers that the codec has no parser for are strings, several of them joined by commas. */
  interface Headers {
    via: Via[];
    from: Address;
    to: Address;
    'call-id': string;
    cseq: { seq: number; method: string };
    contact?: Address[];
    route?: RouteAddress[] | string;
    'record-route'?: RouteAddress[] | string;
    'content-length'?: number;
    [name: string]: unknown;
  }

  interface Message {
    method?: string;
    uri?: string;
    status?: number;
    reason?: string;
    version?: string;
    headers: Headers;
    content?: string;
  }

  const sip: {
    parse(text: string | Buffer): Message | undefined;
    stringify(message: Message): string;
    parseUri(text: string): Uri | undefined;
    stringifyUri(uri: Uri | string): string;
  };
  export default sip;
  export type { Address, Headers, Message, Params, RouteAddress, Uri, Via };
}

/** Its digest authentication: MD5 alone, with `qop`. Quoted values keep their quotes in the parsed headers. */
declare module 'sip/digest.js' {
  import type { Message } from 'sip';

  interface Context {
    realm: string;
    nonce?: string;
    /** Requests seen so far. */
    nc?: number;
  }

  const digest: {
    /** Adds a challenge with a fresh nonce: WWW-Authenticate to a 401, Proxy-Authenticate to a 407. */
    challenge(context: Context, response: { status: number; headers: Record<string, unknown> }): unknown;
    authenticateRequest(context: Context, request: Message, login: { user: string; password: string }): boolean;
  };
  export default digest;
}
