/**
 * Valid and odd SIP, from the ABNF of RFC 3261 §25.1: arbitraries named as its rules, each text beside what it means.
 * One character is one octet.
 */
import fc from 'fast-check';

export interface AddressFacts {
  readonly uri: string;
  readonly tag: string | undefined;
}

/** What a reader must find in the text. */
export interface MessageFacts {
  readonly text: string;
  /** Undefined: a response. */
  readonly method: string | undefined;
  readonly uri: string | undefined;
  readonly status: number | undefined;
  readonly vias: number;
  readonly top: {
    readonly protocol: string;
    readonly host: string;
    readonly port: number | undefined;
    readonly branch: string;
  };
  readonly from: AddressFacts;
  readonly to: AddressFacts;
  readonly callId: string;
  readonly cseq: { readonly number: number; readonly method: string };
  readonly contact: string | undefined;
  readonly maxForwards: number | undefined;
  readonly extension: string;
  readonly body: string;
}

const alphanum = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const mark = "-_.!~*'()";
/** Of these characters. */
const letters = (from: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...Array.from(from)), { minLength: min, maxLength: max }).map((all) => all.join(''));
const joined = (parts: fc.Arbitrary<string>, min: number, max: number, separator = ''): fc.Arbitrary<string> =>
  fc.array(parts, { minLength: min, maxLength: max }).map((all) => all.join(separator));
const all = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(''));
const maybe = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.option(part, { nil: '' });
const text = (value: string) => fc.constant(value);

/** LWS = [*WSP CRLF] 1*WSP */
const LWS = fc.constantFrom(' ', '\t', '   ', '\r\n ', ' \t\r\n\t ');
const SWS = fc.oneof({ weight: 4, arbitrary: text('') }, { weight: 1, arbitrary: LWS });
const around = (sign: string) => all(SWS, text(sign), SWS);

const token = letters(alphanum + "-.!%*_+`'~", 1, 12);
const escaped = fc.constantFrom('%00', '%20', '%3b', '%40', '%C3%A9', '%7f');
/** UTF8-NONASCII as its octets. */
const utf8 = fc.constantFrom('\xc3\xa9', '\xe2\x98\x8e', '\xf0\x9f\x93\x9e', '\xc3\xa0');
const quotedPair = fc.constantFrom('\\"', '\\\\', '\\x', '\\\0', '\\\x07', '\\\x7f');
const quotedString = joined(fc.oneof(letters(alphanum + ' ;,<>@:?()[]{}', 1, 6), utf8, quotedPair), 0, 4).map(
  (inside) => `"${inside}"`,
);

const hostname = all(
  joined(letters(alphanum, 1, 8), 1, 3, '.'),
  fc.constantFrom('', '-x'),
  text('.org'),
  maybe(text('.')),
);
const ipv6 = fc.constantFrom('[2001:db8::9:1]', '[::1]', '[::ffff:192.0.2.10]');
const host = fc.oneof(hostname, fc.constantFrom('192.0.2.1', '10.0.0.255'), ipv6);
const port = fc.integer({ min: 1, max: 65535 });
const hostport = fc.tuple(host, fc.option(port, { nil: undefined }));
const writtenHostport = ([name, number]: [string, number | undefined]) =>
  number === undefined ? name : `${name}:${number}`;

const user = joined(fc.oneof(letters(alphanum + mark + '&=+$,;?/', 1, 8), escaped), 1, 3);
const password = joined(fc.oneof(letters(alphanum + mark + '&=+$,', 1, 6), escaped), 0, 2);
const paramchar = joined(fc.oneof(letters(alphanum + mark + '[]/:&+$', 1, 6), escaped), 1, 2);
const uriParameter = fc.oneof(
  fc.constantFrom(';lr', ';transport=tls', ';user=phone', ';ttl=15', ';maddr=239.255.255.1', ';method=REGISTER'),
  all(text(';'), paramchar, maybe(all(text('='), paramchar))),
);
const uriParameters = joined(uriParameter, 0, 4);
const sipUri = all(
  fc.constantFrom('sip:', 'sips:', 'SIP:', 'sIpS:'),
  maybe(all(user, maybe(all(text(':'), password)), text('@'))),
  hostport.map(writtenHostport),
  uriParameters,
);
const uriHeaders = all(text('?'), joined(all(paramchar, text('='), maybe(paramchar)), 1, 2, '&'));
const absoluteUri = fc.constantFrom('tel:+1-201-555-0123;phone-context=x', 'urn:service:sos', 'tel:7042');
const anyUri = fc.oneof({ weight: 5, arbitrary: sipUri }, { weight: 1, arbitrary: absoluteUri });

const genericParam = all(
  around(';'),
  token.filter((name) => name.toLowerCase() !== 'tag'),
  maybe(all(around('='), fc.oneof(token, quotedString))),
);
const displayName = fc.oneof(text(''), all(joined(token, 1, 3, ' '), LWS), all(quotedString, SWS));
const tagParam = fc.tuple(around(';'), fc.constantFrom('tag', 'TAG', 'Tag'), around('='), token);

/** name-addr or addr-spec; without brackets a URI has no parameters, `?` or comma of its own (RFC 3261 §20). */
const bareUri = all(fc.constantFrom('sip:', 'sips:'), letters(alphanum + '-._', 1, 8), text('@'), hostname);
const address = (withTag: fc.Arbitrary<boolean>): fc.Arbitrary<AddressFacts & { readonly written: string }> =>
  fc
    .tuple(
      fc.oneof(fc.tuple(displayName, anyUri, text('bracketed')), fc.tuple(text(''), bareUri, text('bare'))),
      joined(genericParam, 0, 2),
      tagParam,
      withTag,
    )
    .map(([[name, uri, how], params, tag, hasTag]) => ({
      uri,
      tag: hasTag ? tag[3] : undefined,
      written: `${how === 'bare' ? uri : `${name}<${uri}>`}${params}${hasTag ? tag.join('') : ''}`,
    }));

const viaParam = fc.oneof(
  fc.constantFrom(';ttl=16', ';maddr=192.0.2.7', ';rport', ';hidden'),
  all(
    around(';'),
    token.filter((name) => !['branch', 'rport'].includes(name.toLowerCase())),
    maybe(all(text('='), token)),
  ),
);
const via = fc
  .tuple(
    fc.constantFrom('SIP/2.0/', 'SIP / 2.0 / ', 'sip/2.0/', 'SIP /\r\n 2.0/'),
    fc.constantFrom('UDP', 'TCP', 'TLS', 'SCTP', 'udp', 'WSS'),
    LWS,
    fc.tuple(host, fc.option(fc.tuple(fc.constantFrom(':', ' : '), port), { nil: undefined })),
    joined(viaParam, 0, 2),
    token,
  )
  .map(([version, protocol, gap, [name, at], params, branch]) => ({
    protocol: ['UDP', 'TCP', 'TLS'].includes(protocol.toUpperCase()) ? protocol.toUpperCase() : protocol,
    host: name.replace(/^\[|\]$/g, ''),
    port: at?.[1],
    branch: `z9hG4bK${branch}`,
    written: `${version}${protocol}${gap}${name}${at === undefined ? '' : at.join('')}${params};branch=z9hG4bK${branch}`,
  }));

const spelled = (...names: string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...names, ...names.map((name) => name.toUpperCase()), ...names.map((name) => name.toLowerCase()));
const hcolon = all(fc.constantFrom('', ' ', '\t '), text(':'), SWS);
const line = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) => all(name, hcolon, value);
/** TEXT-UTF8-TRIM */
const extensionValue = joined(fc.oneof(letters(alphanum + '();:,"@<>{}[]?=%/', 1, 8), utf8), 0, 4, ' ');
const method = fc.oneof(fc.constantFrom('INVITE', 'ACK', 'OPTIONS', 'BYE', 'CANCEL', 'REGISTER', 'SUBSCRIBE'), token);
const word = letters(alphanum + '-.!%*_+`\'~()<>:\\"/[]?{}', 1, 12);
const octets = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const contact = fc
  .tuple(fc.oneof(sipUri, all(sipUri, uriHeaders)), joined(genericParam, 0, 2), maybe(all(quotedString, SWS)))
  .map(([uri, params, name]) => ({ uri, written: `${name}<${uri}>${params}` }));

const oddLines = [
  'Accept: ', // an empty list is allowed
  'Subject:',
  'Date: Sat, 13 Nov 2010 23:29:00 GMT',
  'Route: <sip:a.example.org;lr>,\r\n  <sip:b.example.org;lr>',
  'Authorization: Digest username="A, \\"B\\"", realm="x", nonce="", uri="sip:a@b", response=""',
  'Timestamp: 54.21 0.3',
  'Retry-After: 18000 (in a (nested) \\) meeting);duration=3600',
  'Warning: 370 devnull "Choose a bigger pipe", 307 isi.edu "Session \xe2\x98\x8e"',
  'v: SIP/2.0/UDP last.example.org;branch=z9hG4bKlast',
  'X-Empty-Between:\r\n \r\n\t\r\n here',
];

const parts = fc.record({
  isRequest: fc.boolean(),
  method,
  uri: fc.oneof({ weight: 5, arbitrary: sipUri }, { weight: 1, arbitrary: absoluteUri }),
  version: fc.constantFrom('SIP/2.0', 'sip/2.0', 'Sip/2.0'),
  status: fc.integer({ min: 100, max: 699 }),
  phrase: joined(fc.oneof(letters(alphanum + '-;:,()%\t ', 1, 8), utf8), 0, 3),
  vias: fc.array(via, { minLength: 1, maxLength: 3 }),
  isOneViaLine: fc.boolean(),
  from: address(fc.boolean()),
  to: address(fc.boolean()),
  callId: fc.tuple(word, maybe(all(text('@'), word))).map((both) => both.join('')),
  sequence: fc.tuple(fc.constantFrom('', '0', '000'), fc.integer({ min: 0, max: 0x7fffffff }), LWS),
  contact: fc.option(contact, { nil: undefined }),
  maxForwards: fc.option(fc.tuple(fc.constantFrom('', '00'), fc.integer({ min: 0, max: 255 })), { nil: undefined }),
  extension: extensionValue,
  odd: fc.subarray(oddLines),
  body: octets,
  hasLength: fc.boolean(),
  breaks: fc.constantFrom('', '\r\n', '\r\n\r\n\r\n'),
});

const namesAndColons = fc.record({
  via: all(spelled('Via', 'v'), hcolon),
  from: all(spelled('From', 'f'), hcolon),
  to: all(spelled('To', 't'), hcolon),
  callId: all(spelled('Call-ID', 'i'), hcolon),
  cseq: all(spelled('CSeq'), hcolon),
  contact: all(spelled('Contact', 'm'), hcolon),
  maxForwards: all(spelled('Max-Forwards'), hcolon),
  length: all(spelled('Content-Length', 'l'), hcolon),
  extension: line(fc.constantFrom('X-Extension', 'NewFangledHeader', '!odd~Name'), text('')),
});

type Parts = typeof parts extends fc.Arbitrary<infer P> ? P : never;

/** `order` shuffles the lines but the Vias, whose order means something. */
const messageOf = (of: fc.Arbitrary<Parts>): fc.Arbitrary<MessageFacts> =>
  fc.tuple(of, namesAndColons, fc.array(fc.nat(), { minLength: 12, maxLength: 12 })).map(([part, names, order]) => {
    const written = part.vias.map((each) => each.written);
    const viaLines = part.isOneViaLine
      ? [`${names.via}${written.join(' ,\r\n ')}`]
      : written.map((each) => `${names.via}${each}`);
    const [zeros, number, gap] = part.sequence;
    const lines = [
      `${names.from}${part.from.written}`,
      `${names.to}${part.to.written}`,
      `${names.callId}${part.callId}`,
      `${names.cseq}${zeros}${number}${gap}${part.method}`,
      `${names.extension}${part.extension}`,
      ...(part.contact === undefined ? [] : [`${names.contact}${part.contact.written}`]),
      ...(part.maxForwards === undefined ? [] : [`${names.maxForwards}${part.maxForwards.join('')}`]),
      ...(part.hasLength ? [`${names.length}${part.body.length}`] : []),
      ...part.odd.filter((each) => !each.startsWith('v:')),
    ];
    const shuffled = lines
      .map((each, at) => ({ each, key: order[at % order.length]! }))
      .sort((a, b) => a.key - b.key)
      .map(({ each }) => each);
    const last = part.odd.filter((each) => each.startsWith('v:'));
    const start = part.isRequest
      ? `${part.method} ${part.uri} ${part.version}`
      : `${part.version} ${part.status} ${part.phrase}`;
    const [top] = part.vias;
    return {
      text: `${part.breaks}${[start, ...viaLines, ...shuffled, ...last].join('\r\n')}\r\n\r\n${part.body}`,
      method: part.isRequest ? part.method : undefined,
      uri: part.isRequest ? part.uri : undefined,
      status: part.isRequest ? undefined : part.status,
      vias: part.vias.length + last.length,
      top: { protocol: top!.protocol, host: top!.host, port: top!.port, branch: top!.branch },
      from: { uri: part.from.uri, tag: part.from.tag },
      to: { uri: part.to.uri, tag: part.to.tag },
      callId: part.callId,
      cseq: { number, method: part.method },
      contact: part.contact?.uri,
      maxForwards: part.maxForwards?.[1],
      extension: part.extension,
      body: part.body,
    };
  });

export const sipMessage = messageOf(parts);

/** A call with this description: whatever else is odd about it, it can be placed. */
export const sipInvite = (sdp: string): fc.Arbitrary<MessageFacts> =>
  messageOf(
    fc.tuple(parts, contact).map(([part, own]) => ({
      ...part,
      isRequest: true,
      method: 'INVITE',
      to: {
        ...part.to,
        tag: undefined,
        written: part.to.written.replace(/[ \t\r\n]*;[ \t\r\n]*tag[ \t\r\n]*=[^;]*$/i, ''),
      },
      contact: part.contact ?? own,
      maxForwards: ['' as const, 70] satisfies [string, number],
      odd: [...part.odd, 'Content-Type: application/sdp'],
      body: sdp,
      hasLength: true,
    })),
  );
