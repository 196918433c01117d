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

/** Where a party stands: what reaches it, and how the SBC's transport room would see what it sends. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly protocol: TransportProtocol;
  /** Names and addresses that lead here, its own address included. */
  readonly hosts: readonly string[];
  readonly listener: string;
  readonly trunks: readonly string[];
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

  constructor(station: Station, port: number, trunks: readonly string[]) {
    const { protocol, address, listener } = station.place;
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
  /** Refuses new connections, and on UDP nobody is there. */
  isDown = false;
  readonly wires: Wire[] = [];

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
  }

  // ---- the SBC's side

  deliverTo(user: TransportUser): void {
    this.#user = user;
  }

  send(hop: Hop, text: string, done: (result: SendResult) => void): void {
    const station = this.#stations.find((each) => leadsTo(each, hop));
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
    if (!(flow instanceof Wire) || !flow.isOpen) return false;
    this.#carryToParty(flow, text);
    return true;
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
    const delayMs = this.#fault(wire.station.name, 'sbc', text);
    if (delayMs === 'lost') return;
    this.#clock.after(LATENCY_MS + delayMs, () => this.#deliverToSbc(wire, text));
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
    const delayMs = this.#fault('sbc', station.name, text);
    if (delayMs === 'lost') return;
    this.#clock.after(LATENCY_MS + delayMs, () => {
      if (!station.isDown) station.onText(text, wire);
    });
  }

  /** Writes the rung, and says what a fault does to this message. */
  #fault(from: string, to: string, text: string): number | 'lost' {
    const fault = this.#faults.find(
      (each) => each.remaining > 0 && each.from === from && each.to === to && isWhat(text, each.what),
    );
    if (fault) fault.remaining -= 1;
    const delayMs = fault?.delayMs ?? 0;
    const remark = delayMs === 'lost' ? { remark: 'lost' } : delayMs > 0 ? { remark: `delayed ${delayMs} ms` } : {};
    this.#ladder.add({ atMs: this.#clock.nowMs(), from, to, title: titleOf(text), ...remark });
    return delayMs;
  }

  #wireTo(station: Station, trunk: string): Wire {
    const open = station.wires.find((wire) => wire.isOpen && wire.trunks.includes(trunk));
    return open ?? this.#newWire(station, [trunk]);
  }

  #newWire(station: Station, trunks: readonly string[]): Wire {
    // On UDP the source port is the one that it listens on; a connection comes from a port of its own.
    const port = station.place.protocol === 'UDP' ? station.place.port : ++this.#ports;
    const wire = new Wire(station, port, trunks);
    station.wires.push(wire);
    return wire;
  }
}

function leadsTo({ place }: Station, hop: Hop): boolean {
  return (
    place.hosts.includes(hop.host.toLowerCase()) &&
    (hop.port === undefined || hop.port === place.port || place.protocol !== 'UDP')
  );
}
