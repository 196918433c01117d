/**
 * The scenarios' network: real bytes, virtual wires. Every message takes 1 ms; loss, delay, refused and cut connections
 * happen when a scenario says so and never by chance.
 */
import type { Clock } from '../../sbc-runtime/src/kernel/clock.ts';
import type { Hop, TransportProtocol } from '../../sbc-runtime/src/sip/hop.ts';
import { parseDatagram, parseHead } from '../../sbc-runtime/src/sip/parse.ts';
import { responseTo } from '../../sbc-runtime/src/sip/response-to.ts';
import { serialize } from '../../sbc-runtime/src/sip/serialize.ts';
import type { Flow, SendResult, Transports, TransportUser } from '../../sbc-runtime/src/transport/transport-user.ts';
import { stampVia } from '../../sbc-runtime/src/transport/via-stamp.ts';
import type { Ladder } from './ladder.ts';

const LATENCY_MS = 1;
/** What one datagram carries, as in `sbc-runtime/src/transport/udp.ts`. */
const MAX_DATAGRAM_OCTETS = 65_000;
/** Connections of one party; the oldest is cut where one more comes. */
const MAX_WIRES = 64;

/** A message on its way, before any fault. */
export interface Carried {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly wire: Wire;
}

/** What becomes of a message: undefined, as ever; lost; once more after so many milliseconds. */
export type Fate = undefined | 'lost' | { readonly copyAfterMs: number };

/** Where a party stands: what reaches it, and how the SBC's transport room would see what it sends. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly protocol: TransportProtocol;
  /** Names and addresses that lead here, its own address included. */
  readonly hosts: readonly string[];
  readonly listener: string;
  readonly trunks: readonly string[];
  /** Where its further connections come from, in turn. @default address */
  readonly otherAddresses?: readonly string[];
}

/** A UDP path, or a connection that ends once. */
export class Wire implements Flow {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
  readonly listener: string;
  readonly trunks: readonly string[];
  readonly isReliable: boolean;
  readonly station: Station;
  isOpen = true;
  /** The SBC takes another one for what it asks from now on. */
  isRetired = false;

  constructor(station: Station, port: number, trunks: readonly string[], address = station.place.address) {
    const { protocol, listener } = station.place;
    this.protocol = protocol;
    this.address = address;
    this.port = port;
    this.listener = listener;
    this.trunks = trunks;
    this.isReliable = protocol !== 'UDP';
    this.station = station;
  }
}

/** A party's plug. */
export class Station {
  readonly name: string;
  readonly place: Place;
  /** Takes what arrives; set by the party. */
  onText: (text: string, wire: Wire) => void = () => undefined;
  /** Its connections were cut. */
  onClosed: () => void = () => undefined;
  /** Refuses new connections, and on UDP nobody is there. */
  isDown = false;
  readonly wires: Wire[] = [];
  /** Connections so far. */
  dialled = 0;

  constructor(name: string, place: Place) {
    this.name = name;
    this.place = place;
  }
}

interface Fault {
  /** Whose message is hit. */
  readonly from: string;
  readonly to: string;
  readonly what: string | number;
  readonly delayMs: number | 'lost';
  remaining: number;
}

/** `INVITE`, or `180 (INVITE)` for a response. */
export function titleOf(text: string): string {
  const start = text.slice(0, text.indexOf('\r\n'));
  if (!start.startsWith('SIP/2.0 ')) return start.slice(0, start.indexOf(' '));
  const method = /^cseq[ \t]*:[ \t]*\d+[ \t]+(\S+)/im.exec(text)?.[1] ?? '?';
  return `${start.slice(8, 11)} (${method})`;
}

const isWhat = (text: string, what: string | number): boolean =>
  typeof what === 'number' ? text.startsWith(`SIP/2.0 ${what} `) : text.startsWith(`${what} `);

export class Network implements Transports {
  readonly #clock: Clock;
  readonly #ladder: Ladder;
  readonly #stations: Station[] = [];
  readonly #faults: Fault[] = [];
  #user: TransportUser | undefined;
  #ports = 40_000;
  /** Sees every message that sets out, in both directions, and says what becomes of it. */
  tap: ((carried: Carried) => Fate) | undefined;

  constructor(clock: Clock, ladder: Ladder) {
    this.#clock = clock;
    this.#ladder = ladder;
  }

  addStation(name: string, place: Place): Station {
    const station = new Station(name, place);
    this.#stations.push(station);
    return station;
  }

  // ---- faults, for scenarios

  /** Loses the next `count` messages of this kind that a party sends. */
  drops(count: number, from: string, what: string | number): void {
    this.#faults.push({ from, to: 'sbc', what, delayMs: 'lost', remaining: count });
  }

  /** Loses the next `count` messages of this kind on their way to a party. */
  dropsTo(count: number, to: string, what: string | number): void {
    this.#faults.push({ from: 'sbc', to, what, delayMs: 'lost', remaining: count });
  }

  /** The next message of this kind that a party sends takes `delayMs` longer. */
  delays(delayMs: number, from: string, what: string | number): void {
    this.#faults.push({ from, to: 'sbc', what, delayMs, remaining: 1 });
  }

  closes(station: Station): void {
    for (const wire of station.wires.splice(0)) {
      if (wire.isReliable) wire.isOpen = false;
    }
    this.#ladder.add({
      atMs: this.#clock.nowMs(),
      from: station.name,
      to: 'sbc',
      title: '',
      remark: 'connections closed',
    });
    station.onClosed();
  }

  /** The SBC's process is gone: what it had open is closed. */
  closesAll(): void {
    for (const station of this.#stations) if (station.wires.some(({ isReliable }) => isReliable)) this.closes(station);
  }

  // ---- the SBC's side

  deliverTo(user: TransportUser): void {
    this.#user = user;
  }

  send(hop: Hop, text: string, done: (result: SendResult) => void): void {
    const station = this.#stations.find((each) => leadsTo(each, hop));
    if (station && isTooLarge(station, text)) {
      this.#ladder.add({
        atMs: this.#clock.nowMs(),
        from: 'sbc',
        to: station.name,
        title: titleOf(text),
        remark: 'too large',
      });
      done({ kind: 'failed', reason: `${hop.host}: too large for a datagram`, isTooLarge: true });
      return;
    }
    const failed = (reason: string) => this.#clock.after(LATENCY_MS, () => done({ kind: 'failed', reason }));
    if (!station) {
      this.#ladder.add({
        atMs: this.#clock.nowMs(),
        from: 'sbc',
        to: hop.host,
        title: titleOf(text),
        remark: 'no such host',
      });
      failed(`${hop.host}: no such host`);
      return;
    }
    if (station.isDown && station.place.protocol !== 'UDP') {
      this.#ladder.add({
        atMs: this.#clock.nowMs(),
        from: 'sbc',
        to: station.name,
        title: titleOf(text),
        remark: 'refused',
      });
      failed(`${hop.host}: connection refused`);
      return;
    }
    const wire = this.#wireTo(station, hop.trunk);
    this.#carryToParty(wire, text);
    done({ kind: 'sent', flow: wire });
  }

  sendOn(flow: Flow, text: string): boolean {
    if (!(flow instanceof Wire) || !flow.isOpen || isTooLarge(flow.station, text)) return false;
    this.#carryToParty(flow, text);
    return true;
  }

  retire(hop: Hop): void {
    const station = this.#stations.find((each) => leadsTo(each, hop));
    for (const wire of station?.wires ?? []) wire.isRetired ||= wire.isReliable && wire.trunks.includes(hop.trunk);
  }

  respond(flow: Flow, _via: unknown, text: string): void {
    if (!(flow instanceof Wire)) throw new Error('Cannot respond: not a flow of this network');
    const wire = flow.isOpen ? flow : this.#wireTo(flow.station, flow.trunks[0] ?? '');
    this.#carryToParty(wire, text);
  }

  // ---- the parties' side

  /** The wire that a party uses next; a new one where it wants to or has none. */
  wireFrom(station: Station, isNew: boolean): Wire {
    const open = station.wires.findLast((wire) => wire.isOpen);
    return open && !(isNew && open.isReliable) ? open : this.#newWire(station, station.place.trunks);
  }

  carryToSbc(wire: Wire, text: string): void {
    this.#carry({ from: wire.station.name, to: 'sbc', text, wire }, () => this.#deliverToSbc(wire, text));
  }

  #carry(carried: Carried, deliver: () => void): void {
    const fate = this.tap?.(carried);
    const delayMs = this.#fault(carried, fate);
    if (delayMs === 'lost') return;
    this.#clock.after(LATENCY_MS + delayMs, deliver);
    if (typeof fate === 'object') this.#clock.after(LATENCY_MS + fate.copyAfterMs, deliver);
  }

  #deliverToSbc(wire: Wire, text: string): void {
    const end = text.indexOf('\r\n\r\n');
    const result = wire.isReliable ? parseHead(text.slice(0, end), text.slice(end + 4)) : parseDatagram(text);
    if (!result.ok) {
      // What the transport room does with it (RFC 3261 §18.3 and §21.4.1).
      if (result.request)
        this.#carryToParty(wire, serialize(responseTo(result.request, result.status, { reason: result.reason })));
      return;
    }
    if (!this.#user) throw new Error('Cannot deliver: nobody called deliverTo');
    const { message } = result;
    if (message.isRequest) {
      stampVia(message, wire.address, wire.port);
      this.#user.onRequest(message, wire);
    } else {
      this.#user.onResponse(message, wire);
    }
  }

  #carryToParty(wire: Wire, text: string): void {
    const { station } = wire;
    this.#carry({ from: 'sbc', to: station.name, text, wire }, () => {
      if (!station.isDown) station.onText(text, wire);
    });
  }

  /** Writes the rung, and says what a fault does to this message. */
  #fault({ from, to, text }: Carried, fate: Fate): number | 'lost' {
    if (!this.#ladder.isKept && this.#faults.length === 0) return fate === 'lost' ? fate : 0;
    const fault = this.#faults.find(
      (each) => each.remaining > 0 && each.from === from && each.to === to && isWhat(text, each.what),
    );
    if (fault) fault.remaining -= 1;
    const delayMs = fate === 'lost' ? fate : (fault?.delayMs ?? 0);
    const remark = remarkOf(delayMs, fate);
    this.#ladder.add({ atMs: this.#clock.nowMs(), from, to, title: titleOf(text), ...remark });
    return delayMs;
  }

  #wireTo(station: Station, trunk: string): Wire {
    const open = station.wires.find((wire) => wire.isOpen && !wire.isRetired && wire.trunks.includes(trunk));
    return open ?? this.#newWire(station, [trunk]);
  }

  #newWire(station: Station, trunks: readonly string[]): Wire {
    // On UDP the source port is the one that it listens on; a connection comes from a port of its own.
    const port = station.place.protocol === 'UDP' ? station.place.port : ++this.#ports;
    const { address, otherAddresses = [] } = station.place;
    const from = [address, ...otherAddresses];
    const wire = new Wire(station, port, trunks, from[station.dialled++ % from.length]);
    station.wires.push(wire);
    if (station.wires.length > MAX_WIRES) {
      const oldest = station.wires.shift();
      if (oldest?.isReliable === true) oldest.isOpen = false;
    }
    return wire;
  }
}

const isTooLarge = ({ place }: Station, text: string): boolean =>
  place.protocol === 'UDP' && text.length > MAX_DATAGRAM_OCTETS;

function leadsTo({ place }: Station, hop: Hop): boolean {
  return (
    place.hosts.includes(hop.at?.address ?? hop.host.toLowerCase()) &&
    (hop.port === undefined || hop.port === place.port || place.protocol !== 'UDP')
  );
}

function remarkOf(delayMs: number | 'lost', fate: Fate): { readonly remark?: string } {
  if (delayMs === 'lost') return { remark: 'lost' };
  if (typeof fate === 'object') return { remark: `again after ${fate.copyAfterMs} ms` };
  return delayMs > 0 ? { remark: `delayed ${delayMs} ms` } : {};
}
