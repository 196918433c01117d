/**
 * Microsoft's side of Direct Routing: data centres with mutual TLS that answer OPTIONS, send their own, take calls and
 * place them. Built on npm `sip`'s codec, so that the SBC's parser is never tested against itself.
 */
import sip, { type Message } from 'sip';
import type { CallOwner } from './call-owner.ts';
import type { Arrival, Connection, DataCentre } from './connection.ts';
import { DataCentres, type KeyPair } from './data-centres.ts';
import { trunkOf, type Trunk } from './identity.ts';
import { SimulatorLog } from './log.ts';
import { TeamsMedia, type MediaAddress } from './media.ts';
import { historyHeaders, identityHeaders, inviteTo, newTag, proxyHostOf, response } from './messages.ts';
import { Prober } from './prober.ts';
import { judgeInvite, refusals, type Refusal } from './refusals.ts';
import { Requests } from './requests.ts';
import type { AckTimers } from './retransmission.ts';
import { ANSWERS, tenantOf, type Behaviour, type Tenant } from './settings.ts';
import { TeamsCall } from './teams-call.ts';
import { transferOf, type Transfer } from './transfer.ts';
import { TrunkHealth } from './trunk-health.ts';
import { takeCall } from './user.ts';

export type { KeyPair } from './data-centres.ts';

export interface TeamsSimulatorOptions {
  readonly dataCentres: readonly [DataCentre, ...DataCentre[]];
  readonly identity: KeyPair;
  /** What it presents when it dials. Default: `identity`. */
  readonly clientIdentity?: KeyPair;
  /** PEM of the roots that the SBC's certificate must chain to. */
  readonly trust: string;
  /** Looked up before DNS: name to address. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Between its own OPTIONS to a trunk that has sent one. 0: it sends none. Default: 60 000. */
  readonly optionsPeriodMs?: number;
  /** Where SDP points to. Default: port 50 000 of the call's data centre, where nobody listens. */
  readonly media?: MediaAddress;
  /** Default: a new TLS connection for every request within a dialog, as Microsoft does. */
  readonly reusesConnections?: boolean;
  /** A connection that it dialled is closed after that long without traffic. Default: never. */
  readonly idleMs?: number;
  /** What answers OPTIONS. Default: 200. */
  readonly optionsStatus?: number;
  /** Default: one tenant that has every FQDN of the SBC's certificate and every number. */
  readonly tenants?: readonly Tenant[];
  /** A trunk without OPTIONS for that long is demoted. Default: 180 000. */
  readonly healthWindowMs?: number;
  /** What becomes of calls to a trunk that is not healthy. Default: `TriedLast`, as Microsoft does. */
  readonly demotion?: 'TriedLast' | 'Refused';
  /** False: what Microsoft refuses of an INVITE is taken. Default: true. */
  readonly isStrict?: boolean;
  readonly ackTimers?: Partial<AckTimers>;
}

export interface PlacedCall {
  /** The trunk's FQDN and port: `sbc-0.example.com:5061`. */
  readonly sbc: string;
  readonly to: string;
  /** Default: `+18338006777`. */
  readonly from?: string;
  readonly displayName?: string;
  /** The data centre that places it. Default: the first. */
  readonly dataCentre?: string;
  readonly media?: MediaAddress;
  /** A call that the new one replaces (RFC 3891). */
  readonly replaces?: TeamsCall;
  /** Further or other headers, names in lower case. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Who gets messages before the simulator: a script. */
export interface MessageTaker {
  owns(callId: string): boolean;
  /** A new INVITE that Microsoft would not refuse. */
  wantsInvite(invite: Message): boolean;
  take(arrival: Arrival): void;
}

const MAX_CALLS = 2000;
const MAX_TRANSFERS = 1000;

export class TeamsSimulator implements CallOwner {
  readonly log = new SimulatorLog();
  readonly requests = new Requests();
  readonly health: TrunkHealth;
  readonly ackTimers: AckTimers;
  readonly isStrict: boolean;
  /** Takes every new call from the SBC. Default: as the callee's settings say, which is to ring and to answer. */
  onCall: (call: TeamsCall) => void = (call) => takeCall(call, this.#behaviour(call) ?? ANSWERS);
  taker: MessageTaker | undefined;
  /** Answers OPTIONS, and with which further headers. */
  optionsAnswer: { readonly status: number; readonly headers?: Readonly<Record<string, unknown>> };
  readonly #options: TeamsSimulatorOptions;
  readonly #calls = new Map<string, TeamsCall>();
  readonly #transfers = new Set<Transfer>();
  readonly #dataCentres: DataCentres;
  readonly #prober: Prober;

  constructor(options: TeamsSimulatorOptions) {
    this.#options = options;
    this.isStrict = options.isStrict ?? true;
    this.ackTimers = { t1Ms: 500, ackTimeoutMs: 32_000, ...options.ackTimers };
    this.optionsAnswer = { status: options.optionsStatus ?? 200 };
    this.health = new TrunkHealth({ windowMs: options.healthWindowMs ?? 180_000, nowMs: () => performance.now() });
    const { identity, clientIdentity = identity, trust, hosts = {}, idleMs } = options;
    const { log, requests } = this;
    this.#dataCentres = new DataCentres({
      identity,
      clientIdentity,
      trust,
      hosts,
      idleMs,
      log,
      onMessage: (arrival) => this.#onMessage(arrival),
      onClose: (connection) => requests.onClosed(connection),
    });
    const dial: DataCentres['dial'] = (host, port, from) => this.#dataCentres.dial(host, port, from);
    this.#prober = new Prober({ periodMs: options.optionsPeriodMs ?? 60_000, dial, requests, log });
  }

  /** Resolves when all data centres listen. */
  async start(): Promise<void> {
    await Promise.all(this.#options.dataCentres.map((dataCentre) => this.#dataCentres.listen(dataCentre)));
  }

  /** Ends every connection, call and timer. */
  async stop(): Promise<void> {
    this.#prober.stop();
    this.requests.failAll();
    for (const call of [...this.#calls.values()]) call.drop();
    await this.#dataCentres.close();
  }

  /** Places a call to the SBC. Resolves once the INVITE is on its way; rejects where the SBC cannot be dialled. */
  async call(placed: PlacedCall): Promise<TeamsCall> {
    const trunk = parseTrunk(placed.sbc);
    const standing = this.health.standing(trunk.fqdn);
    if (this.#options.demotion === 'Refused' && this.#tenant(trunk.fqdn)?.sendSipOptions !== false)
      if (standing !== 'Active')
        throw new Error(`Cannot call ${placed.sbc}: the trunk is ${standing}, no OPTIONS came`);
    const dataCentre =
      placed.dataCentre === undefined ? this.#options.dataCentres[0] : this.dataCentre(placed.dataCentre);
    const media = new TeamsMedia(placed.media ?? this.mediaOf(dataCentre));
    const invite = this.inviteOf({ ...placed, trunk, sdp: media.offer() }, dataCentre);
    const connection = await this.connectionTo(invite.uri ?? '', dataCentre);
    const call = new TeamsCall(this, invite, connection, media);
    this.#calls.set(call.callId, call);
    void call.start();
    return call;
  }

  /** The INVITE of a placed call as Microsoft writes it, with what the trunk's tenant forwards. */
  inviteOf(placed: PlacedCall & { readonly trunk: Trunk; readonly sdp: string }, dataCentre: DataCentre): Message {
    const { trunk, to, from = '+18338006777', displayName = 'Megan', sdp, replaces } = placed;
    const { forwardPai = false, forwardCallHistory = false } = this.#tenant(trunk.fqdn) ?? {};
    const headers = {
      ...(forwardPai ? identityHeaders(from) : {}),
      ...(forwardCallHistory ? historyHeaders(from) : {}),
      ...(replaces === undefined ? {} : { replaces: replaces.replaces }),
      ...placed.headers,
    };
    return inviteTo({ sbc: trunk, to, from, displayName, sdp, headers }, dataCentre);
  }

  /** The names that the SBC must find at each data centre's address: for `hostAliases` or a hosts file. */
  hostAliases(): { readonly ip: string; readonly hostnames: readonly string[] }[] {
    return this.#options.dataCentres.map((each) => ({ ip: each.address, hostnames: [each.host, proxyHostOf(each)] }));
  }

  /** Another certificate of its own, or other roots that it trusts: for connections from now on. */
  renew({ identity, trust }: Partial<Pick<TeamsSimulatorOptions, 'identity' | 'trust'>>): void {
    this.#dataCentres.renew({
      ...(identity === undefined ? {} : { identity, clientIdentity: identity }),
      ...(trust === undefined ? {} : { trust }),
    });
  }

  /** Every open connection is cut, as by a lost network. */
  loseConnections(): void {
    this.#dataCentres.cut();
  }

  // ---- what calls need

  get dataCentres(): TeamsSimulatorOptions['dataCentres'] {
    return this.#options.dataCentres;
  }

  /** By its name, or by the first label of it. */
  dataCentre(host: string): DataCentre {
    const found = this.#options.dataCentres.find((each) => each.host === host || each.host.startsWith(`${host}.`));
    if (!found) throw new Error(`Cannot act for ${host}: no such data centre in this simulator`);
    return found;
  }

  async connectionTo(uri: string, from: DataCentre): Promise<Connection> {
    const parsed = sip.parseUri(uri);
    if (!parsed) throw new Error(`Cannot dial ${uri}: npm sip cannot read it`);
    if (this.#options.reusesConnections === true) {
      const open = [...this.#dataCentres.connections].find((each) => each.dataCentre === from && each.isOpen);
      if (open) return open;
    }
    return this.#dataCentres.dial(parsed.host, parsed.port || 5061, from);
  }

  mediaOf(dataCentre: DataCentre): MediaAddress {
    return this.#options.media ?? { address: dataCentre.address, port: 50_000 };
  }

  forget(call: { readonly callId: string }): void {
    this.#calls.delete(call.callId);
  }

  watch(transfer: Transfer): void {
    if (this.#transfers.size >= MAX_TRANSFERS) this.#transfers.clear();
    this.#transfers.add(transfer);
  }

  // ---- messages

  #onMessage(arrival: Arrival): void {
    const { message, connection } = arrival;
    const callId = message.headers['call-id'];
    if (message.status !== undefined) this.#onResponse(arrival);
    else if (arrival.isMalformed) this.#refuse(arrival, refusals.malformedStart());
    else if (this.taker?.owns(callId) === true) this.taker.take(arrival);
    else this.#onRequest(message, connection, arrival);
  }

  #onResponse(arrival: Arrival): void {
    const { message, connection } = arrival;
    if (this.requests.onResponse(message)) return;
    const callId = message.headers['call-id'];
    const call = this.#calls.get(callId);
    if (this.taker?.owns(callId) === true) this.taker.take(arrival);
    else if (call && message.status === 200) void call.onAnswerAgain(message).catch(() => undefined);
    else this.#note('unreadable', connection, 'a response to nothing');
  }

  #onRequest(message: Message, connection: Connection, arrival: Arrival): void {
    const call = this.#calls.get(message.headers['call-id']);
    const isNew = !('tag' in message.headers.to.params);
    if (call && (!isNew || message.method === 'CANCEL' || message.method === 'ACK')) call.onRequest(arrival);
    else if (message.method === 'ACK') return;
    else if (!isNew || message.method === 'CANCEL') connection.send(response(message, 481));
    else this.#onNewRequest(arrival);
  }

  /** Outside a dialog: the trunk must be known by its FQDN and certificate before anything else. */
  #onNewRequest(arrival: Arrival): void {
    const { message: request, connection } = arrival;
    const verdict = trunkOf(request, connection.certificateNames);
    if (verdict.kind === 'refused') {
      this.#refuse(arrival, verdict.refusal);
      return;
    }
    const { trunk } = verdict;
    if (this.#options.tenants && !this.#tenant(trunk.fqdn)) this.#refuse(arrival, refusals.unknownTenant());
    else if (request.method === 'OPTIONS') this.#onOptions(arrival, trunk);
    else if (request.method === 'INVITE') this.#onInvite(arrival);
    else connection.send(response(request, 405));
  }

  #onOptions({ message, connection }: Arrival, trunk: Trunk): void {
    const { status, headers = {} } = this.optionsAnswer;
    connection.send(response(message, status, { headers }));
    if (status !== 200) return;
    this.health.onOptions(trunk.fqdn);
    this.#prober.start(trunk, connection.dataCentre);
  }

  #onInvite(arrival: Arrival): void {
    const { message, text, connection } = arrival;
    connection.send(response(message, 100));
    const { transfer, refusal: changed } = transferOf(message, text, this.#transfers);
    const refusal = this.isStrict ? (changed ?? judgeInvite(message)) : undefined;
    if (refusal) {
      this.#refuse(arrival, refusal);
    } else if (this.taker?.wantsInvite(message) === true) {
      this.taker.take(arrival);
    } else if (this.#calls.size >= MAX_CALLS) {
      connection.send(response(message, 503));
    } else {
      const call = new TeamsCall(this, message, connection, this.mediaOf(connection.dataCentre));
      this.#calls.set(call.callId, call);
      if (transfer) this.#transfers.delete(transfer);
      transfer?.onInvite(call);
      if (!transfer && !this.#behaviour(call)) call.refuse(refusals.unknownCallee());
      else this.onCall(call);
    }
  }

  /** Of the user who is called; undefined where the tenant has no such user. */
  #behaviour(call: TeamsCall): Behaviour | undefined {
    const contact = call.invite.headers.contact?.[0]?.uri ?? '';
    const users = this.#tenant(sip.parseUri(contact)?.host ?? '')?.users;
    if (!users) return ANSWERS;
    const number = sip.parseUri(call.invite.uri ?? '')?.user ?? '';
    return Object.hasOwn(users, number) ? users[number] : undefined;
  }

  #tenant(fqdn: string): Tenant | undefined {
    return tenantOf(fqdn, this.#options.tenants ?? []);
  }

  #refuse({ message, connection }: Arrival, refusal: Refusal): void {
    const { status, phrase, reason, subCode } = refusal;
    const code = subCode === undefined ? '' : `${subCode}/`;
    this.#note('refused', connection, `${message.method ?? ''}: ${code}${status} ${reason}`);
    const parts = {
      ...(phrase === undefined ? {} : { reasonPhrase: phrase }),
      ...(message.method === 'INVITE' ? { toTag: newTag() } : {}),
    };
    connection.send(response(message, status, { ...parts, headers: { reason } }));
  }

  #note(kind: 'unreadable' | 'refused', connection: Connection, detail: string): void {
    this.log.note({ kind, connection: connection.id, dataCentre: connection.dataCentre.host, detail });
  }
}

export function parseTrunk(text: string): Trunk {
  const [fqdn, port] = text.split(':');
  if (fqdn === undefined || fqdn === '') throw new Error(`Cannot call ${text}: give the FQDN and port of the SBC`);
  return { fqdn, port: Number(port ?? 5061) };
}
