/** Who lives in the simulated Microsoft: tenants with their trunks and users, and how each user takes calls. Read from YAML or JSON. */
import { parseDocument, visit } from 'yaml';

/** How a user takes a call. */
export type Behaviour =
  | {
      readonly kind: 'Answers';
      /** Provisional answers before, each of a phone of its own: `[180, 180, 183]`; 183 carries SDP. */
      readonly rings: readonly number[];
      readonly afterMs: number;
      /** `Last`: the last of those that rang answers. `New`: one that has said nothing before. */
      readonly fork: 'Last' | 'New';
    }
  | { readonly kind: 'Rings'; readonly rings: readonly number[] }
  | { readonly kind: 'Refuses'; readonly status: number; readonly reason?: string };

export interface Tenant {
  readonly name: string;
  /** Domains registered in the tenant: an SBC's FQDN, or what follows its host label. */
  readonly domains: readonly string[];
  /** By number with +. Absent: every number answers. */
  readonly users?: Readonly<Record<string, Behaviour>>;
  readonly forwardPai: boolean;
  readonly forwardCallHistory: boolean;
  /** False: the trunk is healthy whatever it sends. */
  readonly sendSipOptions: boolean;
}

export const ANSWERS = { kind: 'Answers', rings: [180], afterMs: 150, fork: 'Last' } as const satisfies Behaviour;

const NAMED: Readonly<Record<string, Behaviour>> = {
  answers: ANSWERS,
  rings: { kind: 'Rings', rings: [180] },
  busy: { kind: 'Refuses', status: 486, reason: 'Q.850;cause=17;text="User busy"' },
  offline: { kind: 'Refuses', status: 480 },
  declines: { kind: 'Refuses', status: 603 },
};

const MAX_TEXT = 1_048_576;
const MAX_TENANTS = 100;
const MAX_USERS = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/** Throws with one line that says where: `tenants[0].users.+49891: …`. */
export function readTenants(text: string): Tenant[] {
  const { tenants } = fields(readYaml(text), 'settings', ['tenants']);
  return list(tenants, 'tenants', MAX_TENANTS).map((each, at) => readTenant(each, `tenants[${at}]`));
}

/** YAML 1.2, of which JSON is a part. Aliases are limited: a small file can mean a huge one. */
export function readYaml(text: string): unknown {
  if (text.length > MAX_TEXT) throw new Error(`Cannot read: more than ${MAX_TEXT} octets`);
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new Error(error.message.split('\n')[0] ?? '');
  visit(document, {
    Scalar: (_, node) => {
      // YAML takes a phone number for a sum of money: the + would be lost.
      if (typeof node.value === 'number' && node.source?.startsWith('+') === true) node.value = node.source;
    },
  });
  return document.toJS({ maxAliasCount: 20 }) as unknown;
}

function readTenant(value: unknown, where: string): Tenant {
  const known = ['name', 'domains', 'users', 'forwardPai', 'forwardCallHistory', 'sendSipOptions'];
  const { name, domains, users, ...knobs } = fields(value, where, known);
  const read = { name: string(name, `${where}.name`), domains: readDomains(domains, `${where}.domains`) };
  return {
    ...read,
    ...(users === undefined ? {} : { users: readUsers(users, `${where}.users`) }),
    forwardPai: boolean(knobs['forwardPai'], false, `${where}.forwardPai`),
    forwardCallHistory: boolean(knobs['forwardCallHistory'], false, `${where}.forwardCallHistory`),
    sendSipOptions: boolean(knobs['sendSipOptions'], true, `${where}.sendSipOptions`),
  };
}

const readDomains = (value: unknown, where: string): string[] =>
  list(value, where, MAX_USERS).map((each) => string(each, where).toLowerCase());

function readUsers(value: unknown, where: string): Record<string, Behaviour> {
  const entries = Object.entries(fields(value, where));
  if (entries.length > MAX_USERS) throw new Error(`${where}: more than ${MAX_USERS}`);
  return Object.fromEntries(entries.map(([number, each]) => [number, readBehaviour(each, `${where}.${number}`)]));
}

function readBehaviour(value: unknown, where: string): Behaviour {
  if (typeof value === 'string') {
    const named = NAMED[value];
    if (!named) throw new Error(`${where}: ${value} is none of ${Object.keys(NAMED).join(', ')}`);
    return named;
  }
  const { rings, answersAfterMs, fork, refuses, reason } = fields(value, where, [
    'rings',
    'answersAfterMs',
    'fork',
    'refuses',
    'reason',
  ]);
  if (refuses !== undefined) {
    const status = number(refuses, `${where}.refuses`, 300, 699);
    return { kind: 'Refuses', status, ...(reason === undefined ? {} : { reason: string(reason, `${where}.reason`) }) };
  }
  const statuses = rings === undefined ? [180] : list(rings, `${where}.rings`, 20);
  const read = statuses.map((each) => number(each, `${where}.rings`, 101, 199));
  if (answersAfterMs === undefined) return { kind: 'Rings', rings: read };
  if (fork !== undefined && fork !== 'Last' && fork !== 'New') throw new Error(`${where}.fork: neither Last nor New`);
  const afterMs = number(answersAfterMs, `${where}.answersAfterMs`, 0, 600_000);
  return { kind: 'Answers', rings: read, afterMs, fork: fork ?? 'Last' };
}

/** A mapping; `known` names the fields it may have. */
export function fields(value: unknown, where: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where}: not a mapping`);
  const unknown = known && Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`${where}: ${unknown} is none of ${known?.join(', ') ?? ''}`);
  return value as Fields;
}

export function list(value: unknown, where: string, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${where}: not a list with entries`);
  if (value.length > max) throw new Error(`${where}: more than ${max} entries`);
  return value as readonly unknown[];
}

/** Numbers are text too: a status, a port. */
export function string(value: unknown, where: string): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new Error(`${where}: not a text`);
  return value;
}

export function number(value: unknown, where: string, min: number, max: number): number {
  const isRight = typeof value === 'number' && value >= min && value <= max;
  if (!isRight) throw new Error(`${where}: not a number from ${min} to ${max}`);
  return value;
}

function boolean(value: unknown, fallback: boolean, where: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new Error(`${where}: neither true nor false`);
  return value ?? fallback;
}

/** docs/teams-direct-routing.md, facts: the whole FQDN first, then without its host label. */
export function tenantOf(fqdn: string, tenants: readonly Tenant[]): Tenant | undefined {
  const name = fqdn.toLowerCase();
  const parent = name.slice(name.indexOf('.') + 1);
  const having = (domain: string) => tenants.find(({ domains }) => domains.includes(domain));
  return having(name) ?? having(parent);
}
