/** What the runtime says back about itself, at `GET /status` of the admin socket. */
import type { CertificateReport, Refusal, RuntimeReport } from '@teams-sbc/crds/runtime';
import type { CallSystem } from './compose.ts';
import type { TargetReport } from './target-watch.ts';

export interface ReportSources {
  readonly version: string;
  readonly podName: string;
  readonly hash: string;
  readonly refusal: Refusal | undefined;
  readonly calls: CallSystem;
  readonly certificates: readonly CertificateReport[];
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
    overloaded: calls.isOverloaded,
    calls: { active: calls.size().calls },
    trunks: [...byTrunk].map(([name, targets]) => {
      const receivedAtMs = received.get(name);
      return {
        name,
        targets: targets.map((target) => targetReport(target, sources.toWallMs)),
        ...(receivedAtMs === undefined ? {} : { optionsReceivedAt: new Date(receivedAtMs).toISOString() }),
      };
    }),
    certificates: [...sources.certificates],
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
