/** A PBX on UDP that asks for a password before each INVITE and BYE; plain sockets, npm `sip`'s codec and its digest. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import sip, { type Message } from 'sip';
import { Challenger, type ChallengerLogin } from '../kit/challenger.ts';

export interface ChallengingPbxOptions {
  readonly address: string;
  readonly login: ChallengerLogin;
}

export class ChallengingPbx {
  /** Every request once, in the order of arrival. */
  readonly got: Message[] = [];
  readonly #options: ChallengingPbxOptions;
  readonly #socket: Socket = createSocket('udp4');
  /** By branch and method, against repetitions. */
  readonly #answers = new Map<string, string>();
  readonly #challengers = new Map<string, Challenger>();
  #login: ChallengerLogin;

  private constructor(options: ChallengingPbxOptions) {
    this.#options = options;
    this.#login = options.login;
    this.#socket.on('message', (datagram, from) => this.#onDatagram(datagram, from));
  }

  static async start(options: ChallengingPbxOptions): Promise<ChallengingPbx> {
    const pbx = new ChallengingPbx(options);
    pbx.#socket.bind(5060, options.address);
    await once(pbx.#socket, 'listening');
    return pbx;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  changesLogin(login: ChallengerLogin): void {
    this.#login = login;
  }

  requests(method: string): Message[] {
    return this.got.filter((message) => message.method === method);
  }

  #onDatagram(datagram: Buffer, from: RemoteInfo): void {
    const request = sip.parse(datagram.toString('latin1'));
    if (request?.method === undefined) return;
    const key = `${request.headers.via[0]?.params['branch'] ?? ''} ${request.method}`;
    if (!this.#answers.has(key)) {
      this.got.push(request);
      this.#answers.set(key, this.#answerTo(request));
    }
    const answer = this.#answers.get(key) ?? '';
    if (answer !== '') this.#socket.send(Buffer.from(answer, 'latin1'), from.port, from.address);
  }

  #answerTo(request: Message): string {
    const { method } = request;
    if (method === 'ACK') return '';
    if (method === 'OPTIONS') return this.#response(request, 401, new Challenger('pbx', this.#login).asks(401));
    if (method !== 'INVITE' && method !== 'BYE') return this.#response(request, 200);
    const key = `${request.headers['call-id']} ${method}`;
    const challenger = this.#challengers.get(key) ?? new Challenger('pbx', this.#login);
    this.#challengers.set(key, challenger);
    if (!challenger.takes(request)) return this.#response(request, 407, challenger.asks(407));
    return method === 'BYE' ? this.#response(request, 200) : this.#answered(request);
  }

  #answered(invite: Message): string {
    const { address } = this.#options;
    const headers = { contact: [{ uri: `sip:pbx@${address}:5060`, params: {} }], 'content-type': 'application/sdp' };
    const sdp = `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio 41000 RTP/AVP 8\r\n`;
    return this.#response(invite, 200, headers, sdp);
  }

  #response(request: Message, status: number, more: Readonly<Record<string, unknown>> = {}, content = ''): string {
    const { via, from, to, cseq } = request.headers;
    const tagged = { ...to, params: { ...to.params, tag: to.params['tag'] ?? `pbx-${request.headers['call-id']}` } };
    const headers = {
      via,
      from,
      to: tagged,
      'call-id': request.headers['call-id'],
      cseq,
      'content-length': 0,
      ...more,
    };
    return sip.stringify({ status, reason: 'Reason', headers, content });
  }
}
