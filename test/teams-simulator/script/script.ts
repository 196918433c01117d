/** A call ladder in a file: what Teams sends, what it expects, when. This reads it and says what is wrong with it. */
import type { OfferChange } from '../media.ts';
import { fields, list, number, readYaml, string } from '../settings.ts';

export interface SdpParts extends OfferChange {
  /** Default: an offer in requests and an answer in responses. */
  readonly kind: 'offer' | 'answer' | 'none';
  /** Lines that match go. */
  readonly without?: string;
  /** Lines that are put at the end. */
  readonly plus?: readonly string[];
}

export interface SendStep {
  readonly kind: 'send';
  /** A method or a status. */
  readonly what: string;
  readonly call: string;
  /** A data centre, by its first label. */
  readonly from?: string;
  readonly connection: 'new' | 'same';
  readonly fork: string;
  /** Null takes a header away. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly sdp?: SdpParts;
  /** The number that is called, of an INVITE that starts a call. */
  readonly to?: string;
  /** A response: to which request. Default: the newest without a final answer. */
  readonly answers?: string;
  readonly as?: string;
}

export interface SdpExpectation {
  readonly direction?: string;
  readonly profile?: string;
  /** Address and port as before in this call. */
  readonly sameMedia?: boolean;
  readonly sameKey?: boolean;
  /** False: no SDP at all. */
  readonly present?: boolean;
  /** `/regular expression/` over the whole description. */
  readonly text?: string;
}

export interface ExpectStep {
  readonly kind: 'expect';
  /** `INVITE`, `200`, `18x`, `2xx`, `200 (BYE)`. */
  readonly what: string;
  readonly call: string;
  readonly withinMs: number;
  /** It may not come. */
  readonly isOptional: boolean;
  /** It must not come within the time. */
  readonly isForbidden: boolean;
  readonly as?: string;
  /** `/regular expression/`, `present`, `absent`, or the value itself. */
  readonly headers: Readonly<Record<string, string>>;
  readonly uri?: string;
  readonly sdp?: SdpExpectation;
  /** Variables: `Contact /sip:([^;]+)/`, the first group of the header's value. */
  readonly save: Readonly<Record<string, string>>;
  /** The data centre that it must come to. */
  readonly on?: string;
}

export type Step =
  | SendStep
  | ExpectStep
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'prompt'; readonly name: string; readonly words: string }
  | { readonly kind: 'options'; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: 'lose' }
  | { readonly kind: 'trunk'; readonly standing: string };

export interface Script {
  readonly name: string;
  readonly about: string;
  /** Defaults of variables; whoever runs the script may give others. */
  readonly variables: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** Ids of docs/teams-direct-routing.md that must be kept when it is over. */
  readonly kept: readonly string[];
}

const MAX_STEPS = 500;
const MAX_TEXT = 65_536;
const MAX_WAIT_MS = 600_000;
const EXPECT_MS = 5000;

/** Throws with one line: `step 3: sendd is none of send, expect, …`. */
export function readScript(text: string): Script {
  if (text.length > MAX_TEXT) throw new Error(`a script has at most ${MAX_TEXT} octets`);
  const known = ['name', 'about', 'variables', 'steps', 'kept'];
  const { name, about = '', variables = {}, steps, kept } = fields(readYaml(text), 'script', known);
  return {
    name: string(name, 'name'),
    about: string(about, 'about'),
    variables: texts(variables, 'variables'),
    steps: list(steps, 'steps', MAX_STEPS).map((step, at) => readStep(step, `step ${at + 1}`)),
    kept: kept === undefined ? [] : list(kept, 'kept', 200).map((id) => string(id, 'kept')),
  };
}

const READERS: Readonly<Record<string, (value: unknown, where: string) => Step>> = {
  send: readSend,
  expect: readExpect,
  wait: (value, where) => ({ kind: 'wait', ms: duration(only(value, 'wait', where), where) }),
  prompt: (value, where) => {
    const { prompt, words = prompt } = fields(value, where, ['prompt', 'words']);
    return { kind: 'prompt', name: string(prompt, where), words: string(words, `${where}.words`) };
  },
  options: (value, where) => {
    const { options, retryAfter } = fields(value, where, ['options', 'retryAfter']);
    const status = number(options, `${where}.options`, 200, 699);
    if (retryAfter === undefined) return { kind: 'options', status };
    return { kind: 'options', status, retryAfter: number(retryAfter, `${where}.retryAfter`, 0, 86_400) };
  },
  lose: (value, where) => {
    oneOf(only(value, 'lose', where), ['connections'], `${where}.lose`);
    return { kind: 'lose' };
  },
  trunk: (value, where) => ({
    kind: 'trunk',
    standing: oneOf(only(value, 'trunk', where), ['Active', 'Demoted', 'NeverSeen'], `${where}.trunk`),
  }),
};

function readStep(value: unknown, where: string): Step {
  const keys = Object.keys(fields(value, where));
  const found = keys.find((key) => Object.hasOwn(READERS, key));
  const reader = found === undefined ? undefined : READERS[found];
  if (!reader) throw new Error(`${where}: ${keys[0] ?? 'nothing'} is none of ${Object.keys(READERS).join(', ')}`);
  return reader(value, where);
}

function readSend(value: unknown, where: string): SendStep {
  const known = ['send', 'call', 'from', 'connection', 'fork', 'headers', 'sdp', 'to', 'answers', 'as'];
  const read = fields(value, where, known);
  const what = string(read['send'], `${where}.send`);
  if (!/^([A-Z]{3,20}|[1-6]\d\d)$/.test(what)) throw new Error(`${where}.send: ${what} is no method and no status`);
  return {
    kind: 'send',
    what,
    call: string(read['call'] ?? 'call', `${where}.call`),
    connection: oneOf(read['connection'] ?? 'new', ['new', 'same'], `${where}.connection`) as 'new' | 'same',
    fork: string(read['fork'] ?? '', `${where}.fork`),
    headers: headersOf(read['headers'] ?? {}, `${where}.headers`),
    ...(read['sdp'] === undefined ? {} : { sdp: readSdp(read['sdp'], `${where}.sdp`) }),
    ...given(read, ['from', 'to', 'answers', 'as'], where),
  };
}

function readSdp(value: unknown, where: string): SdpParts {
  const kinds = ['offer', 'answer', 'none'] as const;
  if (typeof value === 'string') return { kind: oneOf(value, kinds, where) as SdpParts['kind'] };
  const known = ['kind', 'direction', 'moved', 'rekeyed', 'unmuxed', 'without', 'plus'];
  const read = fields(value, where, known);
  const directions = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
  const { direction, plus } = read;
  return {
    kind: oneOf(read['kind'] ?? 'offer', kinds, `${where}.kind`) as SdpParts['kind'],
    ...(direction === undefined ? {} : { direction: oneOf(direction, directions, where) as 'sendrecv' }),
    ...(plus === undefined ? {} : { plus: list(plus, `${where}.plus`, 50).map((line) => string(line, where)) }),
    ...flags(read, ['moved', 'rekeyed', 'unmuxed'], where),
    ...given(read, ['without'], where),
  };
}

function readExpect(value: unknown, where: string): ExpectStep {
  const known = ['expect', 'call', 'within', 'optional', 'forbidden', 'as', 'headers', 'uri', 'sdp', 'save', 'on'];
  const read = fields(value, where, known);
  const what = string(read['expect'], `${where}.expect`);
  if (!/^([A-Z]{3,20}|[1-6](\d\d|\dx|xx)( \([A-Z]{3,20}\))?)$/.test(what))
    throw new Error(`${where}.expect: ${what} is no method and no status`);
  const { optional, forbidden } = flags(read, ['optional', 'forbidden'], where);
  return {
    kind: 'expect',
    what,
    call: string(read['call'] ?? 'call', `${where}.call`),
    withinMs: read['within'] === undefined ? EXPECT_MS : duration(read['within'], `${where}.within`),
    isOptional: optional === true,
    isForbidden: forbidden === true,
    headers: texts(read['headers'] ?? {}, `${where}.headers`),
    save: texts(read['save'] ?? {}, `${where}.save`),
    ...(read['sdp'] === undefined ? {} : { sdp: readSdpExpectation(read['sdp'], `${where}.sdp`) }),
    ...given(read, ['as', 'uri', 'on'], where),
  };
}

function readSdpExpectation(value: unknown, where: string): SdpExpectation {
  const read = fields(value, where, ['direction', 'profile', 'sameMedia', 'sameKey', 'present', 'text']);
  return {
    ...given(read, ['direction', 'profile', 'text'], where),
    ...flags(read, ['sameMedia', 'sameKey', 'present'], where),
  };
}

type Given = Readonly<Record<string, unknown>>;

const only = (value: unknown, name: string, where: string): unknown => fields(value, where, [name])[name];

function given(read: Given, names: readonly string[], where: string): Record<string, string> {
  const present = names.filter((name) => read[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, string(read[name], `${where}.${name}`)]));
}

function flags(read: Given, names: readonly string[], where: string): Partial<Record<string, boolean>> {
  const present = names.filter((name) => read[name] !== undefined);
  const wrong = present.find((name) => typeof read[name] !== 'boolean');
  if (wrong !== undefined) throw new Error(`${where}.${wrong}: neither true nor false`);
  return Object.fromEntries(present.map((name) => [name, read[name] === true]));
}

function texts(value: unknown, where: string): Record<string, string> {
  const entries = Object.entries(fields(value, where));
  return Object.fromEntries(entries.map(([key, each]) => [key, string(each, `${where}.${key}`)]));
}

function headersOf(value: unknown, where: string): Record<string, string | null> {
  const entries = Object.entries(fields(value, where));
  return Object.fromEntries(
    entries.map(([key, each]) => [key.toLowerCase(), each === null ? null : string(each, `${where}.${key}`)]),
  );
}

function oneOf(value: unknown, known: readonly string[], where: string): string {
  const text = string(value, where);
  if (!known.includes(text)) throw new Error(`${where}: ${text} is none of ${known.join(', ')}`);
  return text;
}

/** `200ms`, `2s`, or milliseconds. */
function duration(value: unknown, where: string): number {
  const [, count = '', unit = 'ms'] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)?$/.exec(string(value, where)) ?? [];
  if (count === '') throw new Error(`${where}: not a time: 200ms, 2s`);
  return number(Number(count) * (unit === 's' ? 1000 : 1), where, 0, MAX_WAIT_MS);
}
