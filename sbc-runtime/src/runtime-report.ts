/** What the runtime says back about itself, at `GET /status` of the admin socket. */
import type { Refusal, RuntimeReport } from '@teams-sbc/crds/runtime';
import type { X509Certificate } from 'node:crypto';
import type { CallSystem } from './compose.ts';
import type { TargetReport } from './target-watch.ts';

export interface ReportSources {
  readonly version: string;
  readonly podName: string;
  readonly hash: string;
  readonly refusal: Refusal | undefined;
  readonly calls: CallSystem;
  readonly certificates: readonly { readonly name: string; readonly leaf: X509Certificate | undefined }[];
  /** Clock milliseconds to wall-clock milliseconds. */
  readonly toWallMs: (nowMs: number) => number;
}

export function runtimeReport(sources: ReportSources): RuntimeReport {
  const { calls, refusal } = sources;
  const received = calls.optionsReceivedAtMs();
  const byTrunk = Map.groupBy(calls.targets(), (target) => target.trunk);
  return {
    version: sources.version,
    pod: sources.podName,
    hash: sources.hash,
    ...(refusal === undefined ? {} : { refusal }),
    draining: calls.isDraining,
    calls: { active: calls.size().calls },
    trunks: [...byTrunk].map(([name, targets]) => {
      const receivedAtMs = received.get(name);
      return {
        name,
        targets: targets.map((target) => targetReport(target, sources.toWallMs)),
        ...(receivedAtMs === undefined ? {} : { optionsReceivedAt: new Date(receivedAtMs).toISOString() }),
      };
    }),
    certificates: sources.certificates.flatMap(({ name, leaf }) =>
      leaf === undefined ? [] : [{ name, notAfter: new Date(leaf.validTo).toISOString(), names: dnsNames(leaf) }],
    ),
  };
}

type Target = RuntimeReport['trunks'][number]['targets'][number];

function targetReport({ host, port, health }: TargetReport, toWallMs: (nowMs: number) => number): Target {
  const isHeld = health.heldUntilMs > 0;
  return {
    host,
    ...(port === undefined ? {} : { port }),
    state: health.status,
    ...(health.lastStatus === undefined ? {} : { lastStatus: health.lastStatus }),
    ...(health.lastAnsweredAtMs === undefined
      ? {}
      : { lastAnsweredAt: new Date(toWallMs(health.lastAnsweredAtMs)).toISOString() }),
    ...(isHeld ? { heldUntil: new Date(toWallMs(health.heldUntilMs)).toISOString() } : {}),
    ...(health.lastFailure === undefined ? {} : { lastFailure: health.lastFailure }),
  };
}

function dnsNames(leaf: X509Certificate): string[] {
  return (leaf.subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length));
}
