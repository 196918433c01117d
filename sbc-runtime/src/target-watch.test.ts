import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from './kernel/log.ts';
import { noMetrics } from './kernel/metrics.ts';
import { VirtualClock } from './kernel/virtual-clock.ts';
import type { Peer } from './peers/peer.ts';
import type { Hop } from './sip/hop.ts';
import { TargetWatch } from './target-watch.ts';

const HOUR_MS = 3_600_000;
const hop = (host: string): Hop => ({
  protocol: 'TLS',
  host,
  port: 5061,
  listener: 'teams',
  trunk: 'contoso',
  sentBy: 'sbc.example.com:5061',
});
const [sip, sip2] = [hop('sip'), hop('sip2')];

function raise() {
  const clock = new VirtualClock();
  const retired: string[] = [];
  const retire = ({ host }: Hop): void => void retired.push(host);
  const watch = new TargetWatch({ clock, log: silentLog, metrics: noMetrics, retire });
  const first = (): string | undefined => watch.order([sip, sip2])[0]?.host;
  return { clock, watch, first, retired };
}

test('a target that is probed once an hour and refuses is tried last until after its next OPTIONS', () => {
  const { clock, watch, first } = raise();
  watch.probed(sip, { kind: 'unreachable', reason: 'refused' }, 3600);
  clock.advance(HOUR_MS);
  assert.equal(first(), 'sip2');
  watch.probed(sip, { kind: 'answered', status: 200, retryAfterSeconds: undefined }, 3600);
  assert.equal(first(), 'sip');
});

test('what a call meets counts as long as what OPTIONS meet', () => {
  const { clock, watch, first } = raise();
  watch.probed(sip, { kind: 'answered', status: 200, retryAfterSeconds: undefined }, 3600);
  watch.answered(sip, 503, undefined);
  clock.advance(HOUR_MS);
  assert.equal(first(), 'sip2');
});

test('a document that ends the OPTIONS to a target ends their period too', () => {
  const { clock, watch, first } = raise();
  watch.probed(sip, { kind: 'answered', status: 200, retryAfterSeconds: undefined }, 3600);
  const peer: Pick<Peer, 'targets' | 'optionsPeriodSeconds'> = { targets: [sip, sip2], optionsPeriodSeconds: 0 };
  watch.keepOnly(new Map([['contoso', peer as Peer]]));
  watch.unreachable(sip, 'refused');
  clock.advance(90_000);
  assert.equal(first(), 'sip');
});

test('a call that is sent away for a time, and any silence, end the connection; other answers do not', () => {
  const { watch, retired } = raise();
  watch.answered(sip, 503, undefined);
  watch.answered(sip, 486, undefined);
  watch.probed(sip, { kind: 'answered', status: 503, retryAfterSeconds: 30 }, 60);
  watch.unreachable(sip, 'refused');
  assert.deepEqual(retired, []);
  watch.answered(sip, 503, 1);
  watch.silent(sip2);
  watch.probed(sip, { kind: 'silent' }, 60);
  assert.deepEqual(retired, ['sip', 'sip2', 'sip']);
});

test('what calls are answered is not what OPTIONS were answered, unless it takes the target down', () => {
  const { watch } = raise();
  const peers = new Map([['contoso', { targets: [sip], optionsPeriodSeconds: 60 } as unknown as Peer]]);
  const lastStatus = () => watch.report(peers)[0]?.health.lastStatus;
  watch.answered(sip, 486, undefined);
  assert.equal(lastStatus(), undefined);
  watch.probed(sip, { kind: 'answered', status: 200, retryAfterSeconds: undefined }, 60);
  watch.answered(sip, 404, undefined);
  assert.equal(lastStatus(), 200);
  watch.answered(sip, 503, undefined);
  assert.equal(lastStatus(), 503);
  watch.answered(sip, 200, undefined);
  assert.equal(lastStatus(), undefined);
});

test('the newest TLS connection to a target is told of, and forgotten with the target', () => {
  const { watch } = raise();
  const trunk = (...targets: Hop[]) => new Map([['contoso', { targets, optionsPeriodSeconds: 60 } as unknown as Peer]]);
  const tls = () => watch.report(trunk(sip, { ...sip2, protocol: 'TCP' })).map((target) => target.tls);
  assert.deepEqual(tls(), [{ state: 'Unknown' }, undefined]);
  watch.handshaken(sip, { kind: 'established' });
  watch.handshaken({ ...sip2, heardFrom: { address: '192.0.2.1', port: 5061 } }, { kind: 'established' });
  assert.deepEqual(tls()[0], { state: 'Established' });
  watch.handshaken(sip, { kind: 'failed', reason: 'untrusted-root' });
  assert.deepEqual(tls()[0], { state: 'Failed', failure: 'untrusted-root' });
  watch.handshaken(sip, { kind: 'not-tried' });
  assert.deepEqual(tls()[0], { state: 'Unknown' });
  watch.handshaken(sip, { kind: 'established' });
  watch.keepOnly(trunk(sip2));
  assert.deepEqual(tls()[0], { state: 'Unknown' });
});
