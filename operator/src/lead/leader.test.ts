/** The lease over real sockets; time is virtual. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { resources } from '../kube/resource.ts';
import { Leader } from './leader.ts';

const lease = { namespace: 'teams-sbc', name: 'teams-sbc-operator' };
let server: LoopbackApiServer;
beforeEach(async () => void (server = await LoopbackApiServer.start()));
afterEach(() => server.close());

function candidate(identity: string, clock: VirtualClock) {
  const told: string[] = [];
  const leader = new Leader({
    client: server.client({ clock, lane: 'lease', timeoutMs: 5_000 }),
    random: { fraction: () => 0 },
    ...{ clock, log: silentLog, identity, lease },
    onLead: () => told.push('lead'),
    onLost: (reason) => told.push(reason),
  });
  leader.start();
  return { leader, told };
}

async function until(clock: VirtualClock, holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert.ok(turn < 20_000, 'it never happens');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(20);
  }
}

const holder = () => (server.get(resources.leases, lease.namespace, lease.name)?.spec as { holderIdentity: string }).holderIdentity; // prettier-ignore

describe('The leader', () => {
  it('writes, its standby does not, and takes over at once when the lease is given back', async () => {
    const clock = new VirtualClock();
    const one = candidate('one', clock);
    await until(clock, () => one.leader.mayWrite);
    const other = candidate('other', clock);
    const startMs = clock.nowMs();
    await until(clock, () => clock.nowMs() - startMs > 60_000);
    assert.deepEqual([one.leader.mayWrite, other.leader.mayWrite, holder()], [true, false, 'one']);
    await one.leader.release();
    assert.equal(one.leader.mayWrite, false);
    const releasedMs = clock.nowMs();
    await until(clock, () => other.leader.mayWrite);
    assert.ok(clock.nowMs() - releasedMs < 4_000);
    assert.deepEqual([one.told, other.told, other.leader.transitions], [['lead'], ['lead'], 1]);
    await other.leader.release();
  });

  it('gives the lease back after a renewal that is under way, and its standby need not wait for its end', async () => {
    const clock = new VirtualClock();
    const one = candidate('one', clock);
    await until(clock, () => one.leader.mayWrite);
    const other = candidate('other', clock);
    const renewals = () => server.count({ resource: 'leases', method: 'PUT' });
    await until(clock, () => server.count({ resource: 'leases', method: 'GET' }) > 2);
    const before = renewals();
    clock.advance(2_000);
    const releasing = one.leader.release();
    assert.deepEqual([one.leader.mayWrite, renewals()], [false, before]);
    await releasing;
    assert.deepEqual([renewals() - before, holder()], [2, '']);
    const releasedMs = clock.nowMs();
    await until(clock, () => other.leader.mayWrite);
    assert.ok(clock.nowMs() - releasedMs < 4_000);
    await other.leader.release();
  });

  it('may not write a moment after a pause of its process, before any timer has run', async () => {
    const clock = new VirtualClock();
    const { leader, told } = candidate('one', clock);
    await until(clock, () => leader.mayWrite);
    // As SIGSTOP and SIGCONT: time has passed, and nothing of this process has run.
    let pausedMs = 0;
    const nowMs = clock.nowMs.bind(clock);
    clock.nowMs = () => nowMs() + pausedMs;
    pausedMs = 10_001;
    assert.equal(leader.mayWrite, false);
    await until(clock, () => told.length === 2);
    assert.deepEqual(told, ['lead', 'the lease was not renewed in time']);
  });

  it('loses it where the API server is away for ten seconds, and renews through shorter troubles', async () => {
    const clock = new VirtualClock();
    const { leader, told } = candidate('one', clock);
    await until(clock, () => leader.mayWrite);
    server.faults.order({ resource: 'leases' }, { kind: 'status', code: 500 }, 2);
    server.faults.order({ resource: 'leases' }, { kind: 'lost-answer' });
    const startMs = clock.nowMs();
    await until(clock, () => clock.nowMs() - startMs > 30_000);
    assert.deepEqual([leader.mayWrite, told], [true, ['lead']]);
    server.faults.order({ resource: 'leases' }, { kind: 'silence' }, 100);
    await until(clock, () => told.length === 2);
    assert.equal(leader.mayWrite, false);
  });

  it('loses it where somebody deletes the lease', async () => {
    const clock = new VirtualClock();
    const { leader, told } = candidate('one', clock);
    await until(clock, () => leader.mayWrite);
    server.delete(resources.leases, lease.namespace, lease.name);
    await until(clock, () => told.length === 2);
    assert.equal(leader.mayWrite, false);
  });

  it('asks for a lease in a namespace that is not there every two seconds, and not without end', async () => {
    const clock = new VirtualClock();
    server.faults.order({ resource: 'leases', method: 'POST' }, { kind: 'status', code: 404 }, 1_000);
    candidate('one', clock);
    await until(clock, () => server.count({ resource: 'leases', method: 'POST' }) === 1);
    const startMs = clock.nowMs();
    await until(clock, () => clock.nowMs() - startMs > 20_000);
    const asked = server.count({ resource: 'leases', method: 'POST' });
    assert.ok(asked > 3 && asked <= 12, String(asked));
  });
});
