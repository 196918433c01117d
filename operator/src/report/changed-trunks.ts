/** Which trunks a pod tells something new about. Pure. */
import type { RuntimeReport, TrunkReport } from '@teams-sbc/crds/runtime';

/** OPTIONS come every minute; that they still do is no news, that they have stopped is found out in this many milliseconds. */
const COARSE_MS = 60_000;

const meanings = new WeakMap<TrunkReport, string>();

/** Names; what differs only in when it was said is not among them. */
export function changedTrunks(before: RuntimeReport | undefined, after: RuntimeReport | undefined): readonly string[] {
  if (before === after) return [];
  const known = new Map(before?.trunks.map((trunk) => [trunk.name, trunk]));
  const now = new Map(after?.trunks.map((trunk) => [trunk.name, trunk]));
  const names = new Set([...known.keys(), ...now.keys()]);
  return [...names].filter((name) => meaningOf(known.get(name)) !== meaningOf(now.get(name)));
}

/** Of these trunks, those of which a host came or went: what the trunks below them share. */
export function turnedTrunks(
  names: readonly string[],
  before: RuntimeReport | undefined,
  after: RuntimeReport | undefined,
): readonly string[] {
  if (names.length === 0) return [];
  const known = new Map(before?.trunks.map((trunk) => [trunk.name, trunk]));
  const now = new Map(after?.trunks.map((trunk) => [trunk.name, trunk]));
  return names.filter((name) => statesOf(known.get(name)) !== statesOf(now.get(name)));
}

function statesOf(trunk: TrunkReport | undefined): string {
  const targets = trunk?.targets ?? [];
  return JSON.stringify(targets.map(({ host, port, state, lastStatus = 0 }) => [host, port, state, lastStatus >= 400]));
}

function meaningOf(trunk: TrunkReport | undefined): string {
  if (trunk === undefined) return '';
  let meaning = meanings.get(trunk);
  if (meaning === undefined) meanings.set(trunk, (meaning = meaningText(trunk)));
  return meaning;
}

function meaningText({ targets, optionsReceivedAt, lastRefusal }: TrunkReport): string {
  return JSON.stringify([
    targets.map(({ host, port, state, lastStatus, lastFailure, heldUntil, tls }) => [
      host,
      port,
      state,
      lastStatus,
      lastFailure,
      heldUntil !== undefined,
      tls,
    ]),
    lastRefusal && [lastRefusal.status, lastRefusal.text ?? lastRefusal.phrase, lastRefusal.host, lastRefusal.method],
    optionsReceivedAt && Math.floor(Date.parse(optionsReceivedAt) / COARSE_MS),
  ]);
}
