/** One life of the SBC's process: its timers, its sockets and its relay, which all fall silent the moment it is killed. */
import type { JournalFile } from '../../sbc-runtime/src/journal/journal-file.ts';
import type { Clock, Timer } from '../../sbc-runtime/src/kernel/clock.ts';
import type { MediaRelay } from '../../sbc-runtime/src/media/media-relay.ts';
import type { SendResult, Transports } from '../../sbc-runtime/src/transport/transport-user.ts';

export interface MortalWorld {
  readonly clock: Clock;
  readonly network: Transports;
  readonly relay: MediaRelay;
  readonly file: JournalFile;
}

export class Life {
  readonly clock: Clock;
  readonly transports: Transports;
  readonly relay: MediaRelay;
  readonly file: JournalFile;
  readonly #timers = new Set<Timer>();
  #isOver = false;
  readonly #world: { readonly clock: Clock };

  constructor(world: MortalWorld) {
    this.#world = world;
    this.clock = this.#clockOf(world.clock);
    this.transports = this.#transportsOf(world.network);
    this.relay = this.#relayOf(world.relay);
    this.file = this.#fileOf(world.file);
  }

  /** As by SIGKILL: not another word. */
  ends(): void {
    this.#isOver = true;
    for (const timer of this.#timers) this.#world.clock.cancel(timer);
    this.#timers.clear();
  }

  #clockOf(clock: Clock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      after: (afterMs, callback) => {
        const timer = clock.after(this.#isOver ? 0 : afterMs, () => {
          this.#timers.delete(timer);
          if (!this.#isOver) callback();
        });
        this.#timers.add(timer);
        return timer;
      },
      cancel: (timer) => {
        this.#timers.delete(timer);
        clock.cancel(timer);
      },
    };
  }

  #transportsOf(network: Transports): Transports {
    const whileAlive = (done: (result: SendResult) => void) => (result: SendResult) => {
      if (!this.#isOver) done(result);
    };
    return {
      deliverTo: (user) => network.deliverTo(user),
      send: (hop, text, done) => {
        if (!this.#isOver) network.send(hop, text, whileAlive(done));
      },
      sendOn: (flow, text) => !this.#isOver && network.sendOn(flow, text),
      respond: (flow, via, text, failed) => {
        if (!this.#isOver) network.respond(flow, via, text, failed);
      },
      retire: (hop) => network.retire(hop),
    };
  }

  #relayOf(relay: MediaRelay): MediaRelay {
    const whileAlive =
      <T>(tell: (value: T) => void) =>
      (value: T) => {
        if (!this.#isOver) tell(value);
      };
    return {
      get available() {
        return relay.available;
      },
      offer: (offer, done) => relay.offer(offer, whileAlive(done)),
      answer: (answer, done) => relay.answer(answer, whileAlive(done)),
      delete: whileAlive((session) => relay.delete(session)),
      nameOf: (session) => relay.nameOf(session),
      adopt: (session) => relay.adopt(session),
      tellLost: (onLost) => relay.tellLost(whileAlive(onLost)),
    };
  }

  #fileOf(file: JournalFile): JournalFile {
    const alive = <T>(act: () => Promise<T>) => (this.#isOver ? new Promise<T>(() => undefined) : act());
    return {
      read: () => file.read(),
      append: (text) => alive(() => file.append(text)),
      begin: () => alive(() => file.begin()),
      remove: () => file.remove(),
    };
  }
}
