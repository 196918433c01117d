/** From octets to the room above: admission of datagrams, parsing, answers to what cannot be used, `received` and `rport`. */
import type { RemoteInfo } from 'node:dgram';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { isTokenCode } from '../sip/characters.ts';
import type { Request } from '../sip/message.ts';
import { parseDatagram, parseHead } from '../sip/parse.ts';
import type { ParseResult } from '../sip/parse.ts';
import { responseTo } from '../sip/response-to.ts';
import { serialize } from '../sip/serialize.ts';
import { plainAddress } from './cidr-set.ts';
import type { BrokenStream } from './framing.ts';
import { kindOfMessage } from './message-kind.ts';
import type { Refusals, RefusalReason } from './refusals.ts';
import type { StreamConnection } from './stream-connection.ts';
import type { Tracer } from './tracer.ts';
import type { Flow, TransportUser } from './transport-user.ts';
import { UdpFlow } from './udp.ts';
import type { UdpSocket } from './udp.ts';
import { stampVia } from './via-stamp.ts';

export interface IntakeDependencies {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly refusals: Refusals;
  readonly tracer: Tracer | undefined;
  trunksAt(listener: string, address: string): readonly string[];
  formerTrunksAt(listener: string, address: string): readonly string[];
}

const NOBODY: readonly string[] = [];

export class Intake {
  readonly #dependencies: IntakeDependencies;
  #user: TransportUser | undefined;

  constructor(dependencies: IntakeDependencies) {
    this.#dependencies = dependencies;
  }

  deliverTo(user: TransportUser): void {
    this.#user = user;
  }

  datagram(socket: UdpSocket, datagram: Buffer, from: RemoteInfo): void {
    const address = plainAddress(from.address);
    // Nothing can be sent to port 0, so nothing from there can be answered.
    if (from.port === 0) {
      this.#refuse('source-port-zero', socket.listener, address);
      return;
    }
    const trunks = this.#dependencies.trunksAt(socket.listener, address);
    const formerTrunks = this.#dependencies.formerTrunksAt(socket.listener, address);
    if (trunks.length === 0 && formerTrunks.length === 0) {
      this.#refuse('source-not-allowed', socket.listener, address);
      if (startsMessage(datagram) && this.#dependencies.refusals.mayAnswer())
        this.#forbid(new UdpFlow(socket, address, from.port, NOBODY), datagram);
      return;
    }
    // Keep-alives over UDP: CRLF, zero octets, STUN. They are not answered, RFC 5626 §4.4.2 is not offered.
    if (!startsMessage(datagram)) return;
    const flow = new UdpFlow(socket, address, from.port, trunks, formerTrunks);
    const text = datagram.toString('latin1');
    this.#dependencies.tracer?.message('in', flow, text);
    try {
      this.#take(parseDatagram(text), flow);
    } catch (error) {
      this.#noteBug(flow, error);
    }
  }

  streamed(connection: StreamConnection, head: string, body: string): void {
    this.#dependencies.tracer?.message('in', connection, `${head}\r\n\r\n${body}`);
    try {
      this.#take(parseHead(head, body), connection);
    } catch (error) {
      this.#noteBug(connection, error);
    }
  }

  /** The answer to the message that broke the stream, as far as its head tells whom to answer. */
  broken(connection: StreamConnection, problem: BrokenStream): void {
    this.#dependencies.refusals.count({
      ...sourceOf(connection),
      reason: problem.status === 400 ? 'malformed' : 'too-large',
      detail: problem.reason,
    });
    const result = problem.head === '' ? undefined : parseHead(problem.head, '');
    const request = result?.ok === true ? result.message : result?.request;
    if (request?.isRequest !== true || request.method === 'ACK') {
      connection.closeAfter(undefined);
      return;
    }
    try {
      connection.closeAfter(this.#reply(connection, request, problem.status, problem.reason));
    } catch (error) {
      this.#noteBug(connection, error);
      connection.close();
    }
  }

  #take(result: ParseResult, flow: UdpFlow | StreamConnection): void {
    if (!result.ok) {
      this.#dependencies.refusals.count({ ...sourceOf(flow), reason: 'malformed', detail: result.reason });
      if (result.request !== undefined)
        this.#send(flow, this.#reply(flow, result.request, result.status, result.reason));
      return;
    }
    const { message } = result;
    const kind = kindOfMessage(message);
    this.#dependencies.metrics.messageReceived(flow.protocol, kind);
    if (!(flow instanceof UdpFlow)) flow.noteReceived(kind);
    if (!message.isRequest) {
      this.#user?.onResponse(message, flow);
      return;
    }
    if (flow instanceof UdpFlow || flow.acceptsRequests) {
      this.#stamp(message, flow);
      this.#user?.onRequest(message, flow);
      return;
    }
    this.#dependencies.refusals.count({ ...sourceOf(flow), reason: 'not-a-peer-that-may-call' });
    if (message.method !== 'ACK') this.#send(flow, this.#reply(flow, message, 403, 'Forbidden'));
  }

  #forbid(flow: UdpFlow, datagram: Buffer): void {
    try {
      const result = parseDatagram(datagram.toString('latin1'));
      const request = result.ok ? result.message : result.request;
      if (request?.isRequest !== true || request.method === 'ACK') return;
      const reply = this.#reply(flow, request, 403, 'Forbidden');
      // docs/adr/0005: a forged source address must not get more octets than its forger has spent.
      if (reply.length <= datagram.length) this.#send(flow, reply);
      else this.#refuse('answer-too-long', flow.listener, flow.address);
    } catch (error) {
      this.#noteBug(flow, error);
    }
  }

  #reply(flow: UdpFlow | StreamConnection, request: Request, status: number, reason: string): string {
    this.#stamp(request, flow);
    return serialize(responseTo(request, status, { reason, toTag: statelessTag(request) }));
  }

  #stamp(request: Request, flow: UdpFlow | StreamConnection): void {
    const responsePort = stampVia(request, flow.address, flow.port);
    if (flow instanceof UdpFlow) flow.responsePort = responsePort;
  }

  #send(flow: UdpFlow | StreamConnection, text: string): void {
    if (flow instanceof UdpFlow) flow.socket.send(flow, flow.responsePort, text);
    else flow.write(text);
  }

  /** A bug, here or above, ends one message; the socket's other calls go on. */
  #noteBug(flow: Flow, error: unknown): void {
    this.#dependencies.refusals.count({ ...sourceOf(flow), reason: 'internal-error' });
    this.#dependencies.log.error('A message ended in an error of ours', {
      error: error instanceof Error ? error.stack : String(error),
      address: flow.address,
    });
  }

  #refuse(reason: RefusalReason, listener: string, address: string): void {
    this.#dependencies.refusals.count({ protocol: 'UDP', reason, listener, address });
  }
}

const sourceOf = ({ protocol, listener, address }: Flow) => ({ protocol, listener, address });

/** Both methods and `SIP/2.0` begin with a token's character, behind line breaks at most (RFC 3261 §7.5); STUN does not. */
function startsMessage(datagram: Buffer): boolean {
  let at = 0;
  while (datagram[at] === 0x0d || datagram[at] === 0x0a) at++;
  return isTokenCode(datagram[at] ?? 0);
}

/** RFC 3261 §8.2.7: a stateless answer carries the same To tag for a repeated request. FNV-1a over what tells it apart. */
function statelessTag(request: Request): string {
  const text = `${request.headers.get('Via') ?? ''} ${request.headers.get('Call-ID') ?? ''} ${request.headers.get('CSeq') ?? ''}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
