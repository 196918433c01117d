/** A TLS peer of a few lines that shows whatever certificate a test wants, and says what became of it. */
import { X509Certificate } from 'node:crypto';
import type { TcpSocketConnectOpts } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { FQDN } from '../kit/ground.ts';

export interface TlsClientOptions {
  readonly from: string;
  readonly to: string;
  /** Absent: none is shown. */
  readonly identity?: { readonly certificate: string; readonly key: string };
  /** Suites, versions. */
  readonly tls?: ConnectionOptions;
  /** @default 5061 */
  readonly port?: number;
  /** @default FQDN */
  readonly serverName?: string;
}

export interface Heard {
  /** All that came back. */
  readonly text: string;
  /** The status of the first response; undefined where the connection ended without one. */
  readonly status: number | undefined;
  /** Why it ended, where it did. */
  readonly problem: string | undefined;
  readonly protocol: string | null;
  readonly cipher: string | undefined;
  /** Of the certificate that the SBC has shown. */
  readonly serial: string | undefined;
}

/** Microsoft's port. */
const PORT = 5061;
const PATIENCE_MS = 10_000;

export function openTls(options: TlsClientOptions): TLSSocket {
  const { identity } = options;
  const all: ConnectionOptions & Pick<TcpSocketConnectOpts, 'localAddress'> = {
    host: options.to,
    port: options.port ?? PORT,
    localAddress: options.from,
    servername: options.serverName ?? FQDN,
    // What is under test is what the SBC thinks of us.
    rejectUnauthorized: false,
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    ...options.tls,
  };
  return connect(all);
}

let sent = 0;

/** OPTIONS as Microsoft sends them, or whatever method a test wants. */
export function sipRequest(
  method: string,
  from: string,
  protocol: 'TLS' | 'UDP' = 'TLS',
  uri = `sip:${FQDN}:5061`,
): string {
  sent += 1;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${protocol} ${from};branch=z9hG4bKt${process.pid}x${sent}`,
    'Max-Forwards: 70',
    `From: <sip:sip.pstnhub.microsoft.com:5061>;tag=t${sent}`,
    `To: <${uri}>`,
    `Call-ID: t${process.pid}x${sent}@${from}`,
    `CSeq: ${sent} ${method}`,
    `Contact: <sip:${from}>`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** Says OPTIONS on a new connection and waits for the answer or the end: a TLS 1.3 handshake alone tells nothing. */
export function askOverTls(options: TlsClientOptions): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = openTls(options);
    let text = '';
    let problem: string | undefined;
    let facts: Pick<Heard, 'protocol' | 'cipher' | 'serial'> = { protocol: null, cipher: undefined, serial: undefined };
    const done = () => {
      clearTimeout(timer);
      const status = /^SIP\/2\.0 (\d{3})/.exec(text)?.[1];
      resolve({ text, status: status === undefined ? undefined : Number(status), problem, ...facts });
      socket.destroy();
    };
    const timer = setTimeout(() => {
      problem = `nothing in ${PATIENCE_MS} ms`;
      done();
    }, PATIENCE_MS);
    socket.setEncoding('latin1');
    socket.on('secureConnect', () => {
      const peer = socket.getPeerX509Certificate();
      facts = { protocol: socket.getProtocol(), cipher: socket.getCipher().name, serial: peer?.serialNumber };
      socket.write(sipRequest('OPTIONS', options.from));
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n\r\n')) done();
    });
    socket.on('error', (error) => {
      problem = error.message;
    });
    socket.on('close', () => {
      problem ??= 'closed';
      done();
    });
  });
}

export const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;
