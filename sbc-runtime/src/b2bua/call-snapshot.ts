/** An established call as plain values: what a process that is started after this one needs to go on with it. Pure. */
import type { LegSnapshot } from '../dialog/leg-snapshot.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import type { CallRecord } from './call-ports.ts';

export interface CallSnapshot {
  readonly record: CallRecord;
  /** The session at the relay: our name for it and the relay's. */
  readonly media: { readonly session: string; readonly name: string };
  readonly caller: SideSnapshot;
  readonly callee: SideSnapshot;
  /** When it was taken, in milliseconds since 1970. */
  readonly atMs: number;
}

/** Keys of SDES stand in the descriptions: a refresh repeats ours word for word, and the peer's is compared with (RFC 3264 §8). */
export interface SideSnapshot {
  readonly us: Pick<LocalIdentity, 'listener' | 'trunk' | 'sentBy' | 'protocol'>;
  readonly leg: LegSnapshot;
  readonly localSdp: string;
  readonly remoteSdp: string;
  /** What our last description said, where another one holds. @default localSdp */
  readonly described: string | undefined;
  /** Version in its o= line. */
  readonly version: number;
  readonly holds: boolean;
}

/** A record of a journal, where it is one of ours: what this process relies on is there, and of the right kind. */
export function callSnapshot(value: unknown): CallSnapshot | undefined {
  if (!isObject(value) || !isNumber(value['atMs'])) return undefined;
  const { record, media, caller, callee } = value;
  const isWhole =
    isRecord(record) &&
    hasTexts(media, 'session', 'name') &&
    isSide(caller) &&
    isSide(callee) &&
    isNumber(record['answeredAtMs']);
  // All that JSON can hold of it was looked at.
  return isWhole ? (value as unknown as CallSnapshot) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === 'string';
/** What goes into a request: a line break there is an exception when it is written. */
const isLine = (value: unknown): value is string => isText(value) && !/[\r\n]/.test(value);
const isAbsentOr = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);
const areLines = (value: unknown): boolean => Array.isArray(value) && value.every(isLine);
const hasTexts = (value: unknown, ...names: readonly string[]): value is Fields =>
  isObject(value) && names.every((name) => isText(value[name]));
const hasLines = (value: unknown, ...names: readonly string[]): value is Fields =>
  isObject(value) && names.every((name) => isLine(value[name]));

function isRecord(value: unknown): value is Fields {
  return (
    hasTexts(value, 'id', 'direction', 'fromTrunk', 'caller', 'called') &&
    isNumber(value['startedAtMs']) &&
    areLines(value['callIds']) &&
    isAbsentOr(value['toTrunk'], isText)
  );
}

function isSide(value: unknown): boolean {
  return (
    hasTexts(value, 'localSdp', 'remoteSdp') &&
    hasLines(value['us'], 'listener', 'trunk', 'sentBy') &&
    isProtocol(value['us']['protocol']) &&
    isLeg(value['leg']) &&
    isAbsentOr(value['described'], isText) &&
    isNumber(value['version']) &&
    typeof value['holds'] === 'boolean'
  );
}

const isProtocol = (value: unknown): boolean => value === 'UDP' || value === 'TCP' || value === 'TLS';

function isLeg(value: unknown): boolean {
  if (!isObject(value) || typeof value['ownsCallId'] !== 'boolean') return false;
  const { dialog, heardFrom, session } = value;
  return (
    hasLines(dialog, 'callId', 'localTag', 'remoteTag', 'localParty', 'remoteParty', 'remoteTarget') &&
    isNumber(dialog['localSequence']) &&
    isAbsentOr(dialog['remoteSequence'], isNumber) &&
    areLines(dialog['routeSet']) &&
    isAbsentOr(heardFrom, (from) => hasTexts(from, 'address') && isNumber(from['port'])) &&
    isAbsentOr(session, isSession)
  );
}

const phases: readonly unknown[] = ['Watching', 'Resting', 'Lapsing'];

function isSession(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { timer, refreshInMs, deadlineInMs } = value;
  return (
    isObject(timer) &&
    phases.includes(timer['phase']) &&
    isNumber(timer['seconds']) &&
    isNumber(timer['minSeconds']) &&
    isAbsentOr(timer['refusedWith'], isNumber) &&
    isAbsentOr(refreshInMs, isNumber) &&
    isAbsentOr(deadlineInMs, isNumber)
  );
}
