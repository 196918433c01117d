/** Carries out what lease-machine.ts decides, and is the write gate of the whole operator. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient, ObjectPlace, WriteGate } from '../kube/kube-client.ts';
import { resources } from '../kube/resource.ts';
import type { LeaseSpec } from './lease.ts';
import { readLease } from './lease.ts';
import { holdsLease, initialLease, leaseTimes, stepLease } from './lease-machine.ts';
import type { LeaseEffect, LeaseEvent, LeaseState, LeaseTimes, Moment } from './lease-machine.ts';

export interface LeaderParams {
  /** Without a write gate, in the lane `lease`, with a request time limit below the renew deadline. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Unlike that of any other process, also of an earlier one: `<pod>_<random>`. */
  readonly identity: string;
  readonly lease: ObjectPlace;
  readonly times?: LeaseTimes | undefined;
  readonly onLead: () => void;
  /** Final: the process has to end and start anew (crash-only, as controller-runtime). */
  readonly onLost: (reason: string) => void;
}

export class Leader implements WriteGate {
  readonly #params: LeaderParams;
  readonly #times: LeaseTimes;
  #state: LeaseState = initialLease;
  #timer: Timer | undefined;
  /** What was asked of the API server last, with what came of it. Never rejects. */
  #asked: Promise<void> = Promise.resolve();
  #released: Promise<void> = Promise.resolve();

  constructor(params: LeaderParams) {
    this.#params = params;
    this.#times = params.times ?? leaseTimes;
  }

  /** Read at the start of each write. False after SIGSTOP and SIGCONT too: time is looked at here, not in a timer. */
  get mayWrite(): boolean {
    return holdsLease(this.#state, this.#times, this.#moment());
  }

  get isLeading(): boolean {
    return this.#state.role === 'leading';
  }

  /** How often the lease has changed hands, as far as we saw. */
  get transitions(): number | undefined {
    return this.#state.observed?.lease.spec.leaseTransitions;
  }

  start(): void {
    this.#on({ kind: 'start' });
  }

  /** Gives the lease back, so that a standby need not wait for its end. No write may be under way any more. */
  async release(): Promise<void> {
    this.#on({ kind: 'release' });
    await this.#asked;
    await this.#released;
  }

  #on(event: LeaseEvent): void {
    const { identity, random } = this.#params;
    const context = { identity, times: this.#times, at: this.#moment(), chance: random.fraction() };
    const { state, effects } = stepLease(this.#state, event, context);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #moment(): Moment {
    return { nowMs: this.#params.clock.nowMs(), wallMs: this.#params.clock.wallMs() };
  }

  #carryOut(effect: LeaseEffect): void {
    const { clock, log, onLead, onLost } = this.#params;
    switch (effect.kind) {
      case 'read':
        this.#asked = this.#read();
        return;
      case 'write':
        this.#asked = this.#write(effect.spec, effect.resourceVersion);
        return;
      case 'give-up':
        this.#released = this.#giveUp(effect.spec, effect.resourceVersion);
        return;
      case 'start-timer':
        this.#timer?.cancel();
        this.#timer = clock.after(effect.afterMs, () => this.#on({ kind: 'timer' }));
        return;
      case 'stop-timer':
        this.#timer?.cancel();
        return;
      case 'lead':
        log.info('Became the leader', { lease: this.#params.lease.name, transitions: this.transitions });
        onLead();
        return;
      case 'lost':
        log.error('Lost the lease', { lease: this.#params.lease.name, reason: effect.reason });
        onLost(effect.reason);
        return;
    }
  }

  async #read(): Promise<void> {
    await this.#attempt('read', async () => {
      const found = await this.#params.client.get(resources.leases, this.#params.lease);
      return { kind: 'read', lease: found === undefined ? undefined : readLease(found) };
    });
  }

  async #write(spec: LeaseSpec, resourceVersion: string | undefined): Promise<void> {
    const { client } = this.#params;
    await this.#attempt(resourceVersion === undefined ? 'create' : 'renew', async () => {
      const object = this.#leaseObject(spec, resourceVersion);
      const written = await (resourceVersion === undefined ? client.create(object) : client.replace(object));
      return { kind: 'written', lease: readLease(written) };
    });
  }

  async #attempt(what: Attempt, action: () => Promise<LeaseEvent>): Promise<void> {
    let event: LeaseEvent;
    try {
      event = await action();
    } catch (error) {
      event = { kind: isOvertaken(error, what) ? 'conflict' : 'failed' };
      if (event.kind === 'failed') this.#complain(what, error);
    }
    this.#on(event);
  }

  async #giveUp(spec: LeaseSpec, resourceVersion: string): Promise<void> {
    try {
      await this.#params.client.replace(this.#leaseObject(spec, resourceVersion));
    } catch (error) {
      this.#complain('release', error);
    }
  }

  #complain(what: string, error: unknown): void {
    this.#params.log.warn(`Cannot ${what} the lease`, {
      error: error instanceof Error ? error.message : String(error),
    });
  }

  #leaseObject(spec: LeaseSpec, resourceVersion: string | undefined) {
    const { namespace, name } = this.#params.lease;
    const metadata = { namespace, name, ...(resourceVersion !== undefined && { resourceVersion }) };
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  }
}

type Attempt = 'read' | 'create' | 'renew';

/** Written by somebody else, made by somebody else, or deleted. A 404 to a create says that there is no such namespace. */
const isOvertaken = (error: unknown, what: Attempt): boolean =>
  error instanceof ApiError && (error.isConflict || (error.code === 404 && what === 'renew'));
