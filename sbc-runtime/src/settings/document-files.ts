/**
 * Reads what the pod has mounted: the routing-state document, the Secrets and the trust bundles that it names. All or
 * nothing: a document with a missing key is refused as a whole, and the one before it keeps serving (design: rule 8).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  hashRoutingState,
  hashText,
  maxRoutingStateLength,
  type Problem,
  type RoutingState,
  RoutingStateReader,
} from '@teams-sbc/crds/runtime';

export interface Directories {
  readonly state: string;
  readonly secrets: string;
  readonly trust: string;
  /** The PEM file that the preset `MicrosoftTeams` stands for. */
  readonly microsoftRoots: string;
}

/** A `kubernetes.io/tls` Secret, as text. */
export interface CertificateFiles {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
  /** A file of the Secret cannot be read; what stands here is what served before. */
  readonly missing?: Problem;
}

/** What served before; undefined: nothing did. */
export type Kept = () => Pick<LoadedDocument, 'state' | 'certificates' | 'logins'> | undefined;

/** Files that nobody can use now; what they held last goes on. */
export interface KeptFiles {
  /** Of the trunk or the bundle. */
  readonly name: string;
  /** What is wrong with them; no full stop. */
  readonly problem: string;
}

export interface TrustFiles {
  readonly name: string;
  readonly roots: string;
  /** The preset: peers under Microsoft's names may show certificates made for servers alone. */
  readonly isMicrosoft: boolean;
}

/** What a trunk logs in with (RFC 3261 §22), one character per octet. */
export interface LoginFiles {
  readonly username: string;
  readonly password: string;
  readonly realm?: string;
}

export interface LoadedDocument {
  readonly state: RoutingState;
  readonly hash: string;
  /** The document as canonical JSON. */
  readonly text: string;
  readonly certificates: readonly CertificateFiles[];
  readonly trustBundles: readonly TrustFiles[];
  /** By trunk. */
  readonly logins: ReadonlyMap<string, LoginFiles>;
  /** Logins that cannot be read: these are what their Secrets held last. */
  readonly keptLogins?: readonly KeptFiles[];
  /** Changes whenever the document or any file that it names changes. */
  readonly fingerprint: string;
}

export interface RefusedDocument {
  readonly hash: string | undefined;
  readonly problems: readonly Problem[];
}

export type LoadResult =
  | { readonly ok: true; readonly document: LoadedDocument }
  | { readonly ok: false; readonly refusal: RefusedDocument; readonly fingerprint: string };

/** In the state directory. */
export const DOCUMENT = 'routing-state.json';
/** Larger files are neither a certificate, a key nor a set of roots. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Of a user name, a password, a realm. */
const MAX_LINE = 255;
const NO_FILE = 'no such file';

/** Reads the document once; whoever looks again and again keeps a `DocumentReader`. */
export function loadDocument(directories: Directories, kept?: Kept): LoadResult {
  return new DocumentReader(directories, kept).read();
}

/** Looks as often as one likes: the files are read each time, parsed only where a byte of them has changed. */
export class DocumentReader {
  readonly #directories: Directories;
  readonly #kept: Kept;
  readonly #states = new RoutingStateReader();
  /** What the last result was made from, by path. */
  #files: ReadonlyMap<string, { readonly file: RawFile; readonly maxBytes: number }> = new Map();
  #result: LoadResult | undefined;

  /** @param kept for certificates and logins whose Secret has lost a file. @default the document is refused for them */
  constructor(directories: Directories, kept: Kept = () => undefined) {
    this.#directories = directories;
    this.#kept = kept;
  }

  /** The very object of the last time while nothing has changed. */
  read(): LoadResult {
    if (this.#result && this.#isUnchanged()) return this.#result;
    const files = new Map<string, { file: RawFile; maxBytes: number }>();
    const read: Read = (path, maxBytes = MAX_FILE_BYTES) => {
      const file = readRaw(path, maxBytes);
      files.set(path, { file, maxBytes });
      return file;
    };
    this.#result = load(this.#directories, { read, states: this.#states, kept: this.#kept });
    this.#files = files;
    return this.#result;
  }

  #isUnchanged(): boolean {
    for (const [path, { file, maxBytes }] of this.#files) if (!isSame(file, readRaw(path, maxBytes))) return false;
    return true;
  }
}

type Read = (path: string, maxBytes?: number) => RawFile;

interface Sources {
  readonly read: Read;
  readonly states: RoutingStateReader;
  readonly kept: Kept;
}

function load(directories: Directories, { read, states, kept }: Sources): LoadResult {
  const file = textOf(read(join(directories.state, DOCUMENT), maxRoutingStateLength));
  if (!file.ok) return refused(undefined, [file.problem], file.problem.message);
  const parsed = states.read(file.content);
  if (!parsed.ok) return refused(hashIn(file.content), parsed.problems, file.content);
  const { state } = parsed;
  const text = states.textOf(state);
  const hash = hashText(text);
  const problems: Problem[] = [];
  const take = (path: string): string => {
    const found = textOf(read(path));
    if (found.ok) return found.content;
    problems.push(found.problem);
    return '';
  };
  const certificates = state.certificates.map((entry) => {
    const folder = join(directories.secrets, entry.secret);
    const [certificate, key] = [textOf(read(join(folder, 'tls.crt'))), textOf(read(join(folder, 'tls.key')))];
    if (certificate.ok && key.ok) return { name: entry.name, certificate: certificate.content, key: key.content };
    const missing = [certificate, key].flatMap((file) => (file.ok ? [] : [file.problem]));
    const [before, [first]] = [kept()?.certificates.find(({ name }) => name === entry.name), missing];
    if (before !== undefined && first !== undefined) return { ...before, missing: first };
    problems.push(...missing);
    return { name: entry.name, certificate: '', key: '' };
  });
  const trustBundles = state.trustBundles.map((entry) => {
    const isMicrosoft = 'preset' in entry.source;
    const path = isMicrosoft ? directories.microsoftRoots : join(directories.trust, entry.name, 'ca.crt');
    return { name: entry.name, roots: take(path), isMicrosoft };
  });
  const logins = new Map<string, LoginFiles>();
  const keptLogins: KeptFiles[] = [];
  for (const trunk of state.trunks) {
    if (trunk.kind !== 'PbxTrunk' || trunk.auth === undefined) continue;
    const found: Problem[] = [];
    const login = loginOf(join(directories.secrets, trunk.auth.secret), { read, problems: found });
    const before = found.length === 0 ? undefined : loginBefore(kept(), trunk.name, trunk.auth.secret);
    if (before === undefined) problems.push(...found);
    else keptLogins.push({ name: trunk.name, problem: found[0]?.message ?? '' });
    logins.set(trunk.name, before ?? login);
  }
  const fingerprint = fingerprintOf({ hash, certificates, trustBundles, logins });
  if (problems.length > 0) return refused(hash, problems, fingerprint);
  return { ok: true, document: { state, hash, text, certificates, trustBundles, logins, keptLogins, fingerprint } };
}

export function fingerprintOf({
  hash,
  certificates,
  trustBundles,
  logins,
}: Pick<LoadedDocument, 'hash' | 'certificates' | 'trustBundles' | 'logins'>): string {
  return [
    hash,
    ...certificates.flatMap(({ certificate, key, missing }) => [certificate, key, missing?.message ?? '']),
    ...trustBundles.map((entry) => entry.roots),
    JSON.stringify([...logins]),
  ].join('\n');
}

/** Of a document that cannot be used: whoever wrote it knows it by that name. Undefined: no JSON at all. */
function hashIn(text: string): string | undefined {
  if (text.length > maxRoutingStateLength) return undefined;
  try {
    return hashRoutingState(JSON.parse(text) as RoutingState);
  } catch {
    return undefined;
  }
}

/** Of the same Secret. */
function loginBefore(before: ReturnType<Kept>, name: string, secret: string): LoginFiles | undefined {
  const trunk = before?.state.trunks.find((each) => each.name === name);
  return trunk?.kind === 'PbxTrunk' && trunk.auth?.secret === secret ? before?.logins.get(name) : undefined;
}

interface Reading {
  readonly read: Read;
  /** Found so far. */
  readonly problems: Problem[];
}

function loginOf(folder: string, reading: Reading): LoginFiles {
  const username = lineOf(join(folder, 'username'), reading);
  const password = lineOf(join(folder, 'password'), reading);
  const realm = join(folder, 'realm');
  const isAny = isMissing(reading.read(realm));
  return { username, password, ...(isAny ? {} : { realm: lineOf(realm, reading) }) };
}

/** One line that goes into a header or a digest. Its value is told to nobody. */
function lineOf(path: string, { read, problems }: Reading): string {
  const file = read(path);
  if (!Buffer.isBuffer(file)) {
    problems.push(file);
    return '';
  }
  // Editors and `echo` end a file with a line break, which belongs to no name and no password.
  const line = file.toString('latin1').replace(/\r?\n$/, '');
  const fault = faultOfLine(line);
  if (fault !== undefined) problems.push(unusable(path, fault, `one line of 1 to ${MAX_LINE} octets`));
  return line;
}

function faultOfLine(line: string): string | undefined {
  if (line.length < 1 || line.length > MAX_LINE) return `${line.length} octets`;
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return 'a control character';
  }
  return undefined;
}

function refused(hash: string | undefined, problems: readonly Problem[], fingerprint: string): LoadResult {
  return { ok: false, refusal: { hash, problems }, fingerprint: `refused\n${fingerprint}` };
}

/** A file's bytes, or why there are none. */
type RawFile = Buffer | Problem;

function readRaw(path: string, maxBytes: number): RawFile {
  try {
    const content = readFileSync(path);
    if (content.length <= maxBytes) return content;
    return unusable(path, `${content.length} bytes`, `a file of at most ${maxBytes} bytes`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return unusable(path, code === 'ENOENT' ? NO_FILE : code, 'a readable file');
  }
}

function unusable(path: string, found: string, allowed: string): Problem {
  return { path, message: `${path}: must be ${allowed} (found ${found})`, found, allowed };
}

function isMissing(file: RawFile): boolean {
  return !Buffer.isBuffer(file) && file.found === NO_FILE;
}

function isSame(before: RawFile, now: RawFile): boolean {
  if (Buffer.isBuffer(before)) return Buffer.isBuffer(now) && before.equals(now);
  return !Buffer.isBuffer(now) && before.message === now.message;
}

type TextResult = { readonly ok: true; readonly content: string } | { readonly ok: false; readonly problem: Problem };

function textOf(file: RawFile): TextResult {
  return Buffer.isBuffer(file) ? { ok: true, content: file.toString('utf8') } : { ok: false, problem: file };
}
