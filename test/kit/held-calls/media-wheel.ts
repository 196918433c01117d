/** Sends and hears the packets of many calls: one timer, one socket for each address, whatever the number of calls. */
import { createSocket, type Socket } from 'node:dgram';
import type { MediaAddress } from '../../teams-simulator/media.ts';
import { rtpPacket, SrtpReceiver, SrtpSender } from '../srtp.ts';
import { nowMs, type Ask, type Leg, type LegReport, type MediaReport } from './media-words.ts';
import { StreamRecord, type Stretch } from './stream-record.ts';

/** Each leg sends once in this many turns of the wheel, so that not all send at once. */
const SLOTS = 4;
/** After a pause longer than that many turns the wheel goes on from now: a burst of old packets is no sound, and makes it later still. */
const MAX_CATCH_UP = 20;
/** What was sent so long ago is here or lost. */
const UNDERWAY_MS = 300;
const MAX_LATENESSES = 10_000;
const PAYLOAD = Buffer.alloc(160, 0xd5);
const FIRST = 100;
const HEADER = 12;
/** RTCP on the same port (RFC 5761 §4). */
const isRtcp = (packet: Buffer): boolean => ((packet[1] ?? 0) & 0x7f) >= 64 && ((packet[1] ?? 0) & 0x7f) < 96;

interface Running {
  leg: Leg;
  readonly record: StreamRecord;
  readonly slot: number;
  socket: Socket;
  sender: SrtpSender | undefined;
  receiver: SrtpReceiver | undefined;
  sequence: number;
  isOver: boolean;
  garbled: number;
}

export interface MediaWheelOptions {
  /** Between two packets of a leg. */
  readonly packetMs: number;
}

export class MediaWheel {
  readonly #turnMs: number;
  readonly #packetMs: number;
  readonly #sockets = new Map<string, Socket>();
  readonly #legs = new Map<number, Running>();
  /** By the SSRC that they hear. */
  readonly #hearers = new Map<number, Running>();
  readonly #slots: Set<Running>[] = Array.from({ length: SLOTS }, () => new Set());
  readonly #latenesses: { readonly atMs: number; readonly lateMs: number }[] = [];
  /** Those after which the wheel went on from now. */
  readonly #pauses: Stretch[] = [];
  #turn = 0;
  #dueMs = nowMs();
  #timer: NodeJS.Timeout | undefined;
  #strays = 0;

  constructor({ packetMs }: MediaWheelOptions) {
    this.#packetMs = packetMs;
    this.#turnMs = packetMs / SLOTS;
    this.#next();
  }

  async bind(at: MediaAddress): Promise<void> {
    if (this.#sockets.has(keyOf(at))) return;
    // Addresses only: Node would look each one up for each packet.
    const lookup = (host: string, _: unknown, found: (error: null, address: string, family: number) => void) =>
      found(null, host, 4);
    const socket = createSocket({
      type: 'udp4',
      lookup: lookup,
      recvBufferSize: 4 << 20,
      sendBufferSize: 4 << 20,
    });
    this.#sockets.set(keyOf(at), socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(at.port, at.address, () => resolve());
    });
    // A node that is gone is what is being looked at.
    socket.on('error', () => undefined);
    socket.on('message', (packet) => this.#onPacket(packet));
  }

  set(leg: Leg): void {
    const socket = this.#sockets.get(keyOf(leg.at));
    if (!socket) throw new Error(`Cannot send from ${keyOf(leg.at)}: it is not bound`);
    const known = this.#legs.get(leg.id);
    if (known) {
      this.#change(known, leg, socket);
      return;
    }
    const running: Running = {
      ...{ leg, socket, slot: this.#legs.size % SLOTS, record: new StreamRecord(nowMs()) },
      sender: leg.keys && new SrtpSender(leg.keys.own),
      receiver: leg.keys && new SrtpReceiver(leg.keys.peers),
      ...{ sequence: FIRST, isOver: false, garbled: 0 },
    };
    this.#legs.set(leg.id, running);
    this.#hearers.set(leg.hears, running);
    this.#slots[running.slot]?.add(running);
  }

  end(ids: readonly number[], atMs: number): void {
    for (const id of ids) {
      const running = this.#legs.get(id);
      if (!running) continue;
      running.isOver = true;
      running.record.end(atMs);
      this.#slots[running.slot]?.delete(running);
    }
  }

  forget(ids: readonly number[]): void {
    this.end(ids, nowMs());
    for (const id of ids) {
      const running = this.#legs.get(id);
      this.#legs.delete(id);
      if (running) this.#hearers.delete(running.leg.hears);
    }
  }

  report({ ids, fromMs, toMs }: Ask): MediaReport {
    // After a pause it may be asked before the turn that is late.
    const open: Stretch = { fromMs: this.#dueMs, toMs: nowMs() };
    const pauses = this.#isPause(open) ? [...this.#pauses, open] : this.#pauses;
    const legs = ids.flatMap((id) => {
      const running = this.#legs.get(id);
      return running ? [this.#reportOf(running, { fromMs, toMs }, pauses)] : [];
    });
    let ownLatenessMs = open.fromMs <= toMs ? Math.max(0, open.toMs - open.fromMs) : 0;
    for (const { atMs, lateMs } of this.#latenesses)
      if (atMs >= fromMs && atMs - lateMs <= toMs) ownLatenessMs = Math.max(ownLatenessMs, lateMs);
    return { legs, ownLatenessMs, strays: this.#strays };
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets.values()) socket.close();
  }

  /** A new key begins anew; the numbers go on. */
  #change(known: Running, leg: Leg, socket: Socket): void {
    if (known.leg.keys?.own !== leg.keys?.own) known.sender = leg.keys && new SrtpSender(leg.keys.own);
    if (known.leg.keys?.peers !== leg.keys?.peers) known.receiver = leg.keys && new SrtpReceiver(leg.keys.peers);
    known.leg = leg;
    known.socket = socket;
  }

  #reportOf({ leg, record, garbled }: Running, stretch: Stretch, pauses: readonly Stretch[]): LegReport {
    const sentTo = (this.#legs.get(leg.hears)?.sequence ?? FIRST) - FIRST;
    const underway = Math.ceil(UNDERWAY_MS / this.#packetMs);
    const ofHighest = record.highest < 0 ? 0 : record.highest - FIRST + 1;
    const missing = Math.max(ofHighest, sentTo - underway) - record.received;
    const missedAtStart = record.first < 0 ? Math.max(0, sentTo - underway) : record.first - FIRST;
    const seen = record.report(stretch, nowMs(), pauses);
    return {
      ...seen,
      id: leg.id,
      sentTo,
      heard: record.received,
      missing: Math.max(0, missing),
      missedAtStart,
      garbled,
    };
  }

  // ---- the wheel

  #next(): void {
    this.#timer = setTimeout(() => this.#turns(), Math.max(0, this.#dueMs - nowMs()));
  }

  #turns(): void {
    const atMs = nowMs();
    const dueMs = this.#dueMs;
    if (atMs - dueMs > MAX_CATCH_UP * this.#turnMs) this.#dueMs = atMs;
    for (; this.#dueMs <= atMs; this.#dueMs += this.#turnMs) {
      for (const running of this.#slots[this.#turn % SLOTS] ?? []) this.#send(running);
      this.#turn += 1;
    }
    // The turn itself may have taken long: nothing was heard meanwhile.
    const endMs = nowMs();
    const lateMs = endMs - dueMs;
    if (lateMs > 2 * this.#turnMs && this.#latenesses.length < MAX_LATENESSES)
      this.#latenesses.push({ atMs: endMs, lateMs });
    const stretch: Stretch = { fromMs: dueMs, toMs: endMs };
    if (this.#isPause(stretch) && this.#pauses.length < MAX_LATENESSES) this.#pauses.push(stretch);
    this.#next();
  }

  #isPause({ fromMs, toMs }: Stretch): boolean {
    return toMs - fromMs > MAX_CATCH_UP * this.#turnMs;
  }

  #send(running: Running): void {
    const { leg, socket, sender } = running;
    const packet = rtpPacket(leg.id, running.sequence++, PAYLOAD);
    socket.send(sender ? sender.seal(packet) : packet, leg.to.port, leg.to.address);
  }

  #onPacket(packet: Buffer): void {
    if (packet.length < HEADER || isRtcp(packet)) return;
    const running = this.#hearers.get(packet.readUInt32BE(8));
    if (!running) this.#strays += 1;
    if (!running || running.isOver) return;
    const plain = running.receiver ? running.receiver.open(packet) : packet;
    if (plain?.subarray(HEADER).equals(PAYLOAD) !== true) running.garbled += 1;
    else running.record.onPacket(packet.readUInt16BE(2), nowMs());
  }
}

const keyOf = ({ address, port }: MediaAddress): string => `${address}:${port}`;
