/** The media relay that the document asks for. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { Metrics } from './kernel/metrics.ts';
import type { Random } from './kernel/random.ts';
import type { MediaRelay } from './media/media-relay.ts';
import { PassThrough } from './media/pass-through.ts';
import { NgClient } from './media/rtpengine/ng-client.ts';
import { udpNgSocket } from './media/rtpengine/ng-socket.ts';
import { RtpengineRelay } from './media/rtpengine/rtpengine-relay.ts';

export interface RelayHandle {
  readonly relay: MediaRelay;
  start(): void;
  close(): void;
}

export interface RelayDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly relay: { readonly host: string; readonly port: number };
  readonly podName: string;
}

export function buildRelay(engine: RoutingState['media']['engine'], deps: RelayDeps): RelayHandle {
  const { clock, random, log, metrics, podName } = deps;
  if (engine === 'None') return { relay: new PassThrough(log), start: () => undefined, close: () => undefined };
  const client = new NgClient({
    open: udpNgSocket({ address: deps.relay.host, port: deps.relay.port }),
    clock,
    random,
    log,
    metrics,
    // An idle one that is gone is noticed within two seconds; in calls something is asked every second.
    limits: { pingEveryMs: 2000 },
  });
  const relay = new RtpengineRelay({ client, clock, random, log, podName, interfaces: ['teams', 'pbx'] });
  return { relay, start: () => relay.start(), close: () => relay.close() };
}
