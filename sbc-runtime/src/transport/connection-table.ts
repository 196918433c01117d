/** The open connections: found again by where they go and for whom, counted in all and for each source address. */
import type { StreamConnection } from './stream-connection.ts';
import type { TransportLimits } from './limits.ts';
import { QueuesByAddress } from './queues-by-address.ts';
import type { TransportProtocol } from '../sip/hop.ts';

/** What makes two dials the same connection. */
export interface DialKey {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
  /** Certificate and trust roots are the trunk's. */
  readonly trunk: string;
  readonly listener: string;
  /** TLS: the name that the peer's certificate was verified for; it vouches for no other (RFC 3261 §26.3.2.2). */
  readonly host: string;
}

export function dialKey(key: DialKey): string {
  const name = key.protocol === 'TLS' ? key.host.toLowerCase() : '';
  return `${key.protocol} ${key.address} ${key.port} ${key.trunk} ${key.listener} ${name}`;
}

/** Of all places, kept for what we dial for requests: accepted connections and dials for responses never lock a trunk out. */
const SHARE_FOR_DIALS = 1 / 8;

/** Why a socket is not accepted. */
type NoPlace = 'too-many-connections' | 'too-many-connections-to-listener' | 'too-many-connections-from-address';

type NoDialPlace =
  'too many connections' | 'too many connections of the trunk' | 'too many connections dialled for responses';

const peerKey = (protocol: TransportProtocol, address: string, port: number) => `${protocol} ${address} ${port}`;

export class ConnectionTable {
  /** Accepted connections without an open exchange; they add and remove themselves. */
  readonly idle = new QueuesByAddress<StreamConnection>();
  readonly #limits: TransportLimits;
  readonly #all = new Set<StreamConnection>();
  readonly #dialled = new Map<string, StreamConnection>();
  readonly #byPeer = new Map<string, StreamConnection>();
  readonly #acceptedFrom = new Map<string, number>();
  readonly #acceptedBy = new Map<string, number>();
  readonly #dialledForTrunk = new Map<string, number>();
  readonly #responsesTo = new Map<string, number>();
  readonly #responsesForTrunk = new Map<string, number>();
  /** Those that gave way to newer ones: their sockets hold a place until they are closed, which counts no more. */
  readonly #leaving = new QueuesByAddress<StreamConnection>();
  readonly #leavingBy = new Map<string, number>();
  #allLeaving = 0;
  /** Sockets that hold a place: open connections, and those that are still in their handshake. */
  #places = 0;
  /** Of these, the ones that peers have brought about. */
  #peersPlaces = 0;

  constructor(limits: TransportLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Takes a place for an accepted socket, before anything is read from it. */
  takePlace(listener: string, address: string): 'ok' | NoPlace {
    const { maxIdlePerAddress, crowdedIdleMs, giveWayIdleMs } = this.#limits;
    const place = this.#placeFor(listener, address);
    if (place === 'ok') {
      if (this.idle.lengthOf(address) >= maxIdlePerAddress) this.#makeRoom(address, crowdedIdleMs);
    } else {
      this.#makeRoom(address, giveWayIdleMs);
      const second = this.#placeFor(listener, address);
      if (second !== 'ok') return second;
    }
    this.#places += 1;
    this.#peersPlaces += 1;
    addTo(this.#acceptedBy, listener, 1);
    addTo(this.#acceptedFrom, address, 1);
    return 'ok';
  }

  leavePlace(listener: string, address: string): void {
    this.#places -= 1;
    this.#peersPlaces -= 1;
    addTo(this.#acceptedBy, listener, -1);
    addTo(this.#acceptedFrom, address, -1);
  }

  /** A place for a socket that we dial for requests of a trunk. */
  takeDialPlace(trunk: string): 'ok' | NoDialPlace {
    const { maxConnections, maxDialledPerTrunk } = this.#limits;
    if (this.#places - this.#allLeaving >= maxConnections) return 'too many connections';
    if ((this.#dialledForTrunk.get(trunk) ?? 0) >= maxDialledPerTrunk) return 'too many connections of the trunk';
    this.#places += 1;
    addTo(this.#dialledForTrunk, trunk, 1);
    return 'ok';
  }

  leaveDialPlace(trunk: string): void {
    this.#places -= 1;
    addTo(this.#dialledForTrunk, trunk, -1);
  }

  /** A place for a socket that we dial for a response: whoever asks and hangs up has us dial any port that it names. */
  takeResponsePlace(trunk: string, address: string): 'ok' | NoDialPlace {
    const { maxConnections, maxResponseDialsPerAddress, maxResponseDialsPerTrunk } = this.#limits;
    if (this.#isFullForPeers(maxConnections)) return 'too many connections';
    if ((this.#responsesTo.get(address) ?? 0) >= maxResponseDialsPerAddress)
      return 'too many connections dialled for responses';
    if ((this.#responsesForTrunk.get(trunk) ?? 0) >= maxResponseDialsPerTrunk)
      return 'too many connections dialled for responses';
    this.#places += 1;
    this.#peersPlaces += 1;
    addTo(this.#responsesTo, address, 1);
    addTo(this.#responsesForTrunk, trunk, 1);
    return 'ok';
  }

  leaveResponsePlace(trunk: string, address: string): void {
    this.#places -= 1;
    this.#peersPlaces -= 1;
    addTo(this.#responsesTo, address, -1);
    addTo(this.#responsesForTrunk, trunk, -1);
  }

  /** `key`: of a connection that we dialled. */
  add(connection: StreamConnection, key?: string): void {
    this.#all.add(connection);
    if (key !== undefined) this.#dialled.set(key, connection);
    this.#byPeer.set(peerKey(connection.protocol, connection.address, connection.port), connection);
  }

  /** Leaves alone what a newer connection has put in its place. */
  remove(connection: StreamConnection, key?: string): void {
    this.#all.delete(connection);
    if (this.#leaving.delete(connection)) {
      this.#allLeaving -= 1;
      addTo(this.#leavingBy, connection.listener, -1);
    }
    if (key !== undefined && this.#dialled.get(key) === connection) this.#dialled.delete(key);
    const peer = peerKey(connection.protocol, connection.address, connection.port);
    if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
  }

  /** For new requests: open, and not retired. */
  dialled(key: string): StreamConnection | undefined {
    const connection = this.#dialled.get(key);
    return connection?.isOpen === true && !connection.isRetired ? connection : undefined;
  }

  /** For responses (RFC 3261 §18.2.2): any open connection to that peer for one of the trunks, whoever opened it. */
  toPeer(
    protocol: TransportProtocol,
    address: string,
    port: number,
    trunks: readonly string[],
  ): StreamConnection | undefined {
    const connection = this.#byPeer.get(peerKey(protocol, address, port));
    if (connection?.isOpen !== true) return undefined;
    const isOfOne = (trunk: string) => trunks.includes(trunk);
    return connection.trunks.some(isOfOne) || connection.formerTrunks.some(isOfOne) ? connection : undefined;
  }

  #isFullForPeers(maxConnections: number): boolean {
    const kept = Math.floor(maxConnections * SHARE_FOR_DIALS);
    const left = this.#allLeaving;
    return this.#places - left >= maxConnections || this.#peersPlaces - left >= maxConnections - kept;
  }

  #placeFor(listener: string, address: string): 'ok' | NoPlace {
    const { maxConnections, maxConnectionsPerListener, maxConnectionsPerAddress } = this.#limits;
    if (this.#isFullForPeers(maxConnections)) return 'too-many-connections';
    const by = (this.#acceptedBy.get(listener) ?? 0) - (this.#leavingBy.get(listener) ?? 0);
    if (by >= maxConnectionsPerListener) return 'too-many-connections-to-listener';
    const from = (this.#acceptedFrom.get(address) ?? 0) - this.#leaving.lengthOf(address);
    return from >= maxConnectionsPerAddress ? 'too-many-connections-from-address' : 'ok';
  }

  /**
   * Microsoft may open a connection for every request and leave it open: whoever comes with a new one gives up its own that was
   * idle longest. Never that of another address, so that nobody pushes others out.
   */
  #makeRoom(address: string, silentMs: number): void {
    const idle = this.idle.firstOf(address);
    if (idle?.giveWay(silentMs) !== true) return;
    // A peer that does not close its side is cut off.
    const longest = this.#leaving.firstOf(address);
    if (longest !== undefined && this.#leaving.lengthOf(address) >= this.#limits.maxLeavingPerAddress) {
      longest.close();
      this.#leaving.add(longest);
    }
    this.#leaving.add(idle);
    this.#allLeaving += 1;
    addTo(this.#leavingBy, idle.listener, 1);
  }

  [Symbol.iterator](): IterableIterator<StreamConnection> {
    return this.#all.values();
  }
}

function addTo(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
