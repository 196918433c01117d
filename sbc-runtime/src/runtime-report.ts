/** What the runtime says back about itself, at `GET /status` of the admin socket. */
import type { CertificateReport, Refusal, RoutingState, RuntimeReport, RuntimeSummary } from '@teams-sbc/crds/runtime';
import type { CallSystem } from './compose.ts';
import type { TargetReport } from './target-watch.ts';

export interface ReportSources {
  readonly version: string;
  readonly podName: string;
  /** The one in force. */
  readonly document: { readonly state: RoutingState; readonly hash: string };
  readonly bindAddress: string;
  readonly refusal: Refusal | undefined;
  readonly calls: CallSystem;
  readonly relayAnswers: boolean;
  /** Clock milliseconds; undefined: it does not drain. */
  readonly drainEndsAtMs: number | undefined;
  readonly certificates: () => readonly CertificateReport[];
  /** Clock milliseconds to wall-clock milliseconds. */
  readonly toWallMs: (nowMs: number) => number;
}

/** What does not grow with the trunks: made every second, for whoever polls. */
export function runtimeSummary(sources: ReportSources): RuntimeSummary {
  const { calls, refusal, document, podName, drainEndsAtMs: endsAtMs } = sources;
  const advertised = advertisedAs(sources);
  return {
    version: sources.version,
    pod: podName,
    hash: document.hash,
    ...(refusal === undefined ? {} : { refusal }),
    ...(advertised === undefined ? {} : { advertised }),
    draining: calls.isDraining,
    ...(endsAtMs === undefined ? {} : { drainEndsAt: new Date(sources.toWallMs(endsAtMs)).toISOString() }),
    overloaded: calls.isOverloaded,
    relayAnswers: sources.relayAnswers,
    calls: { active: calls.size().calls },
  };
}

export function runtimeReport(sources: ReportSources): RuntimeReport {
  const { calls } = sources;
  const received = calls.optionsReceivedAtMs();
  const byTrunk = Map.groupBy(calls.targets(), (target) => target.trunk);
  return {
    ...runtimeSummary(sources),
    trunks: [...byTrunk].map(([name, targets]) => {
      const receivedAtMs = received.get(name);
      const lastRefusal = calls.lastRefusal(name);
      return {
        name,
        targets: targets.map((target) => targetReport(target, sources.toWallMs)),
        ...(receivedAtMs === undefined ? {} : { optionsReceivedAt: new Date(receivedAtMs).toISOString() }),
        ...(lastRefusal === undefined ? {} : { lastRefusal }),
      };
    }),
    certificates: [...sources.certificates()],
  };
}

function advertisedAs({ document: { state }, podName, bindAddress }: ReportSources): RuntimeReport['advertised'] {
  const pod = state.pods.find(({ name }) => name === podName);
  if (pod === undefined) return undefined;
  const { fqdn, publicAddress = bindAddress } = pod;
  return state.media.engine === 'None' ? { fqdn } : { fqdn, mediaAddress: publicAddress };
}

type Target = RuntimeReport['trunks'][number]['targets'][number];

function targetReport({ host, port, health, tls }: TargetReport, toWallMs: (nowMs: number) => number): Target {
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
    ...(health.lastFailure === undefined ? {} : { lastFailure: withoutHost(health.lastFailure, host) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** The transport room says which host it speaks of; here that stands beside it. */
function withoutHost(failure: string, host: string): string {
  return failure.startsWith(`${host}: `) ? failure.slice(host.length + 2) : failure;
}
