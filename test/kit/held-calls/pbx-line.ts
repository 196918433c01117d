/** A PBX on a real UDP socket: answers OPTIONS, takes the calls that are expected, and places its own. */
import { randomBytes } from 'node:crypto';
import { field, responseText } from '../agent-text.ts';
import { AgentTransactions, type Server } from '../agent-transactions.ts';
import type { MediaAddress } from '../../teams-simulator/media.ts';
import type { Direction } from '../../teams-simulator/media.ts';
import { PbxCall, toTagOf, type PbxCallDeps } from './pbx-call.ts';
import { SocketClock } from './socket-clock.ts';
import { UdpWires, type UdpWiresOptions } from './udp-wires.ts';

/** How long a call that is over is still known, for what arrives late. */
const REMEMBERED_MS = 40_000;
const MAX_CALLS = 5000;

export interface PbxLineOptions extends UdpWiresOptions {
  /** Default: port 41 000 of its address. */
  readonly media?: MediaAddress;
}

export class PbxLine {
  readonly media: MediaAddress;
  /** OPTIONS that came, by source address. */
  readonly probes = new Map<string, number>();
  /** Takes a new call. Default: rings and answers. */
  onCall: (call: PbxCall) => void = (call) => {
    call.ring();
    call.answer();
  };
  readonly #wires: UdpWires;
  readonly #clock = new SocketClock();
  readonly #transactions: AgentTransactions;
  readonly #calls = new Map<string, PbxCall>();
  readonly #deps: PbxCallDeps;

  private constructor(wires: UdpWires, { address, port = 5060, media }: PbxLineOptions) {
    this.#wires = wires;
    this.media = media ?? { address, port: 41_000 };
    this.#transactions = new AgentTransactions({
      ...{ clock: this.#clock, network: wires, station: wires.station, onProblem: () => undefined },
      onRequest: (server) => this.#onRequest(server),
      onAck: (ack) => this.#calls.get(field(ack, 'Call-ID'))?.onAck(),
      onNoAck: (server) => this.#calls.get(field(server.request, 'Call-ID'))?.onNoAck(),
    });
    const identity = {
      number: '',
      domain: address,
      contact: `sip:pbx@${address}:${port}`,
      sbcUri: (user: string) => `sip:${user}@${address}`,
      via: { protocol: 'UDP', host: address, port },
      writesUpperCase: false,
    };
    this.#deps = {
      ...{ identity, transactions: this.#transactions, describe: describer(this.media) },
      draw: (prefix) => prefix + randomBytes(8).toString('hex'),
      onOver: (call) => this.#clock.after(REMEMBERED_MS, () => this.#calls.delete(call.callId)),
    };
  }

  static async open(options: PbxLineOptions): Promise<PbxLine> {
    return new PbxLine(await UdpWires.open(options), options);
  }

  call(placed: { readonly sbc: string; readonly to: string; readonly from: string }): PbxCall {
    if (this.#calls.size >= MAX_CALLS) throw new Error(`Cannot call: ${MAX_CALLS} calls are known`);
    const call = PbxCall.place(this.#deps, placed);
    this.#calls.set(call.callId, call);
    return call;
  }

  async close(): Promise<void> {
    this.#clock.stop();
    await this.#wires.close();
  }

  #onRequest(server: Server): void {
    const { request, isInvite } = server;
    const method = server.key.slice(server.key.indexOf(' ') + 1);
    const call = this.#calls.get(field(request, 'Call-ID'));
    const isWithin = toTagOf(request) !== '';
    if (method === 'CANCEL') this.#onCancel(server);
    else if (call && isWithin) call.onRequest(server);
    else if (isWithin || (isInvite && this.#calls.size >= MAX_CALLS)) this.#answer(server, isWithin ? 481 : 503);
    else if (isInvite) this.#onInvite(server);
    else {
      if (method === 'OPTIONS') this.probes.set(server.wire.address, (this.probes.get(server.wire.address) ?? 0) + 1);
      this.#answer(server, 200);
    }
  }

  #onInvite(server: Server): void {
    this.#answer(server, 100);
    const call = PbxCall.take(this.#deps, server);
    this.#calls.set(call.callId, call);
    this.onCall(call);
  }

  #onCancel(server: Server): void {
    const invite = this.#transactions.cancelled(server.request);
    this.#answer(server, invite ? 200 : 481);
    if (invite) this.#calls.get(field(server.request, 'Call-ID'))?.onCancel(invite);
  }

  #answer(server: Server, status: number): void {
    const text = responseText(server.request, status, this.#deps.draw('tag-'));
    this.#transactions.respond(server, status, text);
  }
}

function describer({ address, port }: MediaAddress): (version: number, direction: Direction) => string {
  const rest =
    ` IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8 101\r\n` +
    'a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n';
  return (version, direction) => `v=0\r\no=- 1000 ${version}${rest}a=${direction}\r\n`;
}
