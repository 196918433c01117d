/** An SBC of a few lines for tests of the simulator: dials with a certificate, says what it is told, keeps what it hears. */
import type { TcpSocketConnectOpts } from 'node:net';
import type { TestContext } from 'node:test';
import { connect, createServer, type ConnectionOptions, type TLSSocket } from 'node:tls';
import sip, { type Message } from 'sip';
import { freeBlock } from '../kit/free-address.ts';
import { sharedPki } from '../kit/pki.ts';
import { TeamsSimulator, type TeamsSimulatorOptions } from '../teams-simulator/teams-simulator.ts';
import { Framer, rawValue } from '../teams-simulator/wire.ts';

export const LITTLE_FQDN = 'sbc-0.example.com';
export const SRTP =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8 97\r\na=rtcp-mux\r\n' +
  'a=rtpmap:97 telephone-event/8000\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n';

export interface Heard {
  readonly message: Message;
  readonly text: string;
  readonly connection: TLSSocket;
  /** The address that it came from. */
  readonly remote: string;
}

export interface LittleRequest {
  readonly to?: string;
  readonly uri?: string;
  readonly callId?: string;
  readonly sequence?: number;
  /** Whole header lines. */
  readonly lines?: readonly string[];
  /** Default: the FQDN's. `''`: none. */
  readonly contact?: string;
  readonly body?: string;
  readonly version?: string;
}

let branches = 0;

/** A request as text. */
export function littleRequest(method: string, request: LittleRequest = {}): string {
  const uri = request.uri ?? 'sip:+4989111111@sip.pstnhub.microsoft.com:5061;user=phone';
  const contact = request.contact ?? `<sip:${LITTLE_FQDN}:5061;transport=tls>`;
  const { body = '', to = `<${uri}>`, sequence = 1 } = request;
  return [
    `${method} ${uri} SIP/${request.version ?? '2.0'}`,
    `Via: SIP/2.0/TLS ${LITTLE_FQDN}:5061;branch=z9hG4bK${++branches}`,
    'Max-Forwards: 70',
    `From: <sip:+493055555@${LITTLE_FQDN}:5061>;tag=little`,
    `To: ${to}`,
    `Call-ID: ${request.callId ?? 'little-1'}`,
    `CSeq: ${sequence} ${method}`,
    ...(contact === '' ? [] : [`Contact: ${contact}`]),
    ...(request.lines ?? []),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

export class LittleSbc {
  readonly heard: Heard[] = [];
  /** Answers requests. Default: 200 with Contact, Allow and, to an INVITE, SDP. */
  onRequest: (heard: Heard, sbc: LittleSbc) => void = (heard) => this.answer(heard, 200);
  /** True: a 200 to an INVITE gets its ACK. */
  acknowledges = false;
  readonly #waiters: (() => void)[] = [];

  take(socket: TLSSocket): void {
    const framer = new Framer();
    const remote = socket.remoteAddress ?? '';
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('data', (chunk: string) => {
      for (const text of framer.push(chunk)) {
        const message = sip.parse(text)!;
        message.content = text.slice(text.indexOf('\r\n\r\n') + 4);
        const heard = { message, text, connection: socket, remote };
        this.heard.push(heard);
        for (const wake of this.#waiters.splice(0)) wake();
        if (this.acknowledges) this.#acknowledge(heard);
        if (message.method !== undefined && message.method !== 'ACK') this.onRequest(heard, this);
      }
    });
  }

  #acknowledge({ message, text, connection }: Heard): void {
    const { cseq } = message.headers;
    if (message.status !== 200 || cseq.method !== 'INVITE') return;
    const uri = message.headers.contact?.[0]?.uri ?? '';
    const dialog = { callId: message.headers['call-id'], sequence: cseq.seq, to: rawValue(text, 'to') ?? '', uri };
    connection.write(littleRequest('ACK', dialog), 'latin1');
  }

  answer({ message, connection }: Heard, status: number, lines: readonly string[] = []): void {
    const { via, from, to, cseq } = message.headers;
    const text = sip.stringify({
      status,
      reason: 'Reason',
      headers: {
        via,
        from,
        to: { ...to, params: { ...to.params, tag: to.params['tag'] ?? 'sbc' } },
        cseq,
        'call-id': message.headers['call-id'],
        contact: [{ uri: `sip:${LITTLE_FQDN}:5061;transport=tls`, params: {} }],
        allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER',
        ...(message.method === 'INVITE' ? { 'content-type': 'application/sdp' } : {}),
      },
      content: message.method === 'INVITE' && status < 300 ? SRTP : '',
    });
    connection.write(lines.length > 0 ? text.replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`) : text, 'latin1');
  }

  /** The first that fits, also an earlier one. */
  async hears(startLine: string | number, fits: (heard: Heard) => boolean = () => true): Promise<Heard> {
    for (;;) {
      const found = this.heard.find(
        (heard) =>
          (typeof startLine === 'number' ? heard.message.status : heard.message.method) === startLine && fits(heard),
      );
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }
}

/** Two data centres, and an SBC that listens under its FQDN and has dialled the first of them. */
export async function littleStage(t: TestContext, options: Partial<TeamsSimulatorOptions> = {}) {
  const pki = await sharedPki();
  const block = await freeBlock();
  const address = block.address(10);
  const own = await pki.sbc(LITTLE_FQDN);
  const simulator = new TeamsSimulator({
    dataCentres: [
      { host: 'sip.pstnhub.microsoft.com', address: block.address(1) },
      { host: 'sip2.pstnhub.microsoft.com', address: block.address(2) },
    ],
    identity: await pki.microsoft(),
    trust: pki.root,
    hosts: { [LITTLE_FQDN]: address },
    optionsPeriodMs: 0,
    ...options,
  });
  await simulator.start();
  const little = new LittleSbc();
  const server = createServer({ cert: own.certificate, key: own.key, ca: pki.root, requestCert: true });
  server.on('secureConnection', (socket) => little.take(socket));
  await new Promise<void>((resolve) => server.listen(5061, address, resolve));
  const dialled: ConnectionOptions & Pick<TcpSocketConnectOpts, 'localAddress'> = {
    host: block.address(1),
    port: 5061,
    localAddress: address,
    servername: 'sip.pstnhub.microsoft.com',
    ca: pki.root,
    cert: own.certificate,
    key: own.key,
  };
  const socket = connect(dialled);
  little.take(socket);
  t.after(async () => {
    socket.destroy();
    await simulator.stop();
    server.close();
    block.release();
  });
  return { simulator, little, say: (text: string) => socket.write(text, 'latin1') };
}
