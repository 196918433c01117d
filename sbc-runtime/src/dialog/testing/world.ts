/** For tests: the dialog room on the real transaction room, virtual time, and a wire whose far end is the test. */
import assert from 'node:assert/strict';
import { silentLog, type Log } from '../../kernel/log.ts';
import { noMetrics } from '../../kernel/metrics.ts';
import { VirtualClock } from '../../kernel/virtual-clock.ts';
import { Headers } from '../../sip/headers.ts';
import type { Credentials } from '../../sip/digest.ts';
import type { Hop } from '../../sip/hop.ts';
import type { LocalIdentity } from '../../sip/local-identity.ts';
import { Request, type Message, type Response } from '../../sip/message.ts';
import { parseDatagram } from '../../sip/parse.ts';
import { responseTo } from '../../sip/response-to.ts';
import { serialize } from '../../sip/serialize.ts';
import { TransactionLayer, type TransactionLayerParams } from '../../transaction/transaction-layer.ts';
import type { Flow, ServerTransaction } from '../../transaction/transaction-user.ts';
import { DialogLayer } from '../dialog-layer.ts';
import type { IncomingInvite, OutgoingInvite, OutgoingInviteParams } from '../invite-user.ts';
import { RecordingUser } from './recording-user.ts';

type Transports = TransactionLayerParams['transports'];
type Receiver = Parameters<Transports['deliverTo']>[0];
type Pairs = readonly (readonly [string, string])[];

export const offerSdp = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n';
export const answerSdp = 'v=0\r\no=- 2 2 IN IP4 192.0.2.2\r\n';
export const withSdp = (content: string) => ({ body: { type: 'application/sdp', content } });

/** Teams: the form of its route and Contact (docs/teams-direct-routing.md). */
export const microsoft = {
  recordRoute: '<sip:sip-du-a-us.pstnhub.microsoft.com:5061;transport=tls;lr>',
  contact:
    '<sip:api-du-a-usea.pstnhub.microsoft.com:443;x-i=b712d12c-77e8-4017-b50d-6d321507aa28;x-c=a35ae5ea/s/1/4b30e770>',
};

export const identity: LocalIdentity = {
  listener: 'teams',
  trunk: 'contoso',
  sentBy: 'sbc-0.example.com:5061',
  protocol: 'TLS',
  contact: '<sip:sbc-0.example.com:5061;transport=tls>',
  headers: [
    ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS'],
    ['User-Agent', 'teams-sbc'],
  ],
};

export function aFlow(changes: Partial<Flow> = {}): Flow {
  return {
    ...{ protocol: 'TLS', address: '192.0.2.7', port: 5061, listener: 'teams', trunks: ['contoso'] },
    ...{ isOpen: true, isReliable: changes.protocol !== 'UDP' },
    ...changes,
  };
}

/** A request of the peer that makes or belongs to no dialog yet. */
export function aRequest(method: string, headers: Pairs = [], body = ''): Request {
  const own: Pairs = [
    ['Via', `SIP/2.0/TLS 192.0.2.7:5061;branch=z9hG4bK-${method}`],
    ['Max-Forwards', '70'],
    ['From', '"Megan" <sip:+4930@sip.pstnhub.microsoft.com>;tag=megan'],
    ['To', '<sip:+4989@sbc-0.example.com>'],
    ['Call-ID', 'call-1'],
    ['CSeq', `7 ${method}`],
    ['Contact', microsoft.contact],
  ];
  const message = new Request(method, 'sip:+4989@sbc-0.example.com:5061;transport=tls', Headers.from(own), body);
  for (const [name, value] of headers) message.headers.set(name, value);
  if (body !== '') message.headers.set('Content-Type', 'application/sdp');
  return message;
}

export class World {
  readonly clock = new VirtualClock();
  readonly user = new RecordingUser();
  readonly dialogs: DialogLayer;
  readonly transactions: TransactionLayer;
  readonly refused: string[] = [];
  /** Exceptions that the room below caught. */
  readonly bugs: string[] = [];
  /** Requests outside dialogs that reached the user. */
  readonly requests: ServerTransaction[] = [];
  readonly hops: Hop[] = [];
  /** What happens when an INVITE comes in; the user is in place already. */
  onInvite: (invite: IncomingInvite) => void = () => undefined;
  /** The wire fails from here on, with this reason. */
  failure: string | undefined;
  /** Longer messages do not fit into its datagrams. */
  maxOctets = Infinity;
  readonly flow: Flow;
  readonly #sent: Message[] = [];
  #receiver: Receiver | undefined;
  #token = 0;
  #branch = 0;

  constructor(
    options: {
      readonly flow?: Flow;
      readonly maxLegs?: number;
      readonly supported?: readonly string[];
      readonly credentials?: (trunk: string) => Credentials | undefined;
    } = {},
  ) {
    const { flow = aFlow(), ...limits } = options;
    this.flow = flow;
    const random = {
      token: () => `token${String((this.#token += 1)).padStart(4, '0')}`,
      below: (below: number) => below - 1,
    };
    const metrics = { ...noMetrics, refused: (_: string, reason: string) => void this.refused.push(reason) };
    const log: Log = { ...silentLog, error: (_, facts) => void this.bugs.push(String(facts?.['error'])) };
    const ports = { clock: this.clock, random, log, metrics };
    this.transactions = new TransactionLayer({ ...ports, transports: this.#transports() });
    this.dialogs = new DialogLayer({ ...ports, transactions: this.transactions, ...limits });
    this.dialogs.deliverTo({
      onInvite: (invite) => {
        invite.deliverTo(this.user);
        this.onInvite(invite);
      },
      onRequest: (transaction) => void this.requests.push(transaction),
    });
  }

  /** We call. */
  call(changes: Partial<OutgoingInviteParams> = {}): OutgoingInvite {
    const hop = {
      protocol: this.flow.protocol,
      host: 'sip.pstnhub.microsoft.com',
      port: 5061,
      listener: 'teams',
      trunk: 'contoso',
    };
    return this.dialogs.invite(
      {
        hop: { ...hop, sentBy: identity.sentBy },
        identity: { ...identity, protocol: this.flow.protocol },
        requestUri: 'sip:+4930@sip.pstnhub.microsoft.com:5061;user=phone',
        from: '<sip:+4989@sbc-0.example.com>',
        to: '<sip:+4930@sip.pstnhub.microsoft.com>',
        parts: withSdp(offerSdp),
        ...changes,
      },
      this.user,
    );
  }

  /** The peer calls; returns our leg, in the user's hands. */
  called(invite: Request = aRequest('INVITE', [], offerSdp)): IncomingInvite {
    let leg: IncomingInvite | undefined;
    this.onInvite = (incoming) => (leg = incoming);
    this.receive(invite);
    assert.ok(leg !== undefined, 'the INVITE reached the user');
    return leg;
  }

  /** The peer sends. The bytes are real. */
  receive(message: Message, flow: Flow = this.flow): void {
    const parsed = parseDatagram(serialize(message));
    assert.ok(parsed.ok, 'the peer writes a legal message');
    if (parsed.message.isRequest) this.#receiver?.onRequest(parsed.message, flow);
    else this.#receiver?.onResponse(parsed.message, flow);
  }

  /** The next message of ours. */
  next(): Message {
    const message = this.#sent.shift();
    assert.ok(message !== undefined, 'a message was sent');
    return message;
  }

  request(method: string): Request {
    const message = this.next();
    assert.ok(message.isRequest, `${method} and not a response`);
    assert.equal(message.method, method);
    return message;
  }

  response(status: number): Response {
    const message = this.next();
    assert.ok(!message.isRequest, `${status} and not ${message.isRequest ? message.method : ''}`);
    assert.equal(message.status, status);
    return message;
  }

  silence(): void {
    assert.deepEqual(this.sent(), []);
  }

  /** Everything sent and not looked at yet; looked at now. */
  messages(): Message[] {
    return this.#sent.splice(0);
  }

  /** The same as methods and statuses. */
  sent(): string[] {
    return this.messages().map((message) => (message.isRequest ? message.method : String(message.status)));
  }

  /** The peer answers a request of ours. */
  answer(request: Request, status: number, more: { tag?: string; headers?: Pairs; body?: string } = {}): Response {
    const { tag = 'callee', headers = [['Contact', microsoft.contact]], body = '' } = more;
    const type = body === '' ? {} : { body, contentType: 'application/sdp' };
    const response = responseTo(request, status, { toTag: tag, headers, ...type });
    this.receive(response);
    return response;
  }

  /** A request of the peer inside the dialog that `ours`, a message of ours, belongs to. */
  inDialog(method: string, ours: Message, more: { cseq?: number; headers?: Pairs; body?: string } = {}): Request {
    const { cseq = 8, headers = [], body = '' } = more;
    // In a request of ours From is us; in a response of ours To is us.
    const [us, them] = ours.isRequest ? ['From', 'To'] : ['To', 'From'];
    this.#branch += 1;
    return aRequest(
      method,
      [
        ['Via', `SIP/2.0/TLS 192.0.2.8:5061;branch=z9hG4bK-in-${this.#branch}`],
        ['From', ours.headers.get(them) ?? ''],
        ['To', ours.headers.get(us) ?? ''],
        ['Call-ID', ours.callId],
        ['CSeq', `${cseq} ${method}`],
        ...headers,
      ],
      body,
    );
  }

  /** Every transaction may end; then nothing may be left anywhere. */
  nothingIsLeft(): void {
    this.clock.advance(100_000);
    assert.deepEqual(this.bugs, []);
    assert.deepEqual(
      { dialogs: this.dialogs.size, transactions: this.transactions.size, timers: this.clock.pending },
      { dialogs: 0, transactions: 0, timers: 0 },
    );
  }

  #transports(): Transports {
    const push = (text: string) => {
      const parsed = parseDatagram(text);
      assert.ok(parsed.ok, 'we write a legal message');
      // 100 is the transaction room's own.
      if (parsed.message.isRequest || parsed.message.status > 100) this.#sent.push(parsed.message);
    };
    return {
      deliverTo: (receiver) => (this.#receiver = receiver),
      send: (hop, text, done) => {
        this.hops.push(hop);
        if (text.length > this.maxOctets) {
          done({ kind: 'failed', reason: 'too large', isTooLarge: true });
          return;
        }
        if (this.failure !== undefined) {
          done({ kind: 'failed', reason: this.failure });
          return;
        }
        push(text);
        done({ kind: 'sent', flow: this.flow });
      },
      sendOn: (_, text) => {
        if (this.failure !== undefined || text.length > this.maxOctets) return false;
        push(text);
        return true;
      },
      retire: () => undefined,
      respond: (_flow, _via, text) => {
        push(text);
      },
    };
  }
}
