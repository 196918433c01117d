/** For tests: TLS peers on the loopback interface, and a transport layer for one trunk to Teams that they talk to. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { connect, createServer } from 'node:tls';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import type { Hop } from '../../sip/hop.ts';
import type { AdmissionRules } from '../admission.ts';
import type { TransportLimits } from '../limits.ts';
import { TlsMaterial } from '../tls-material.ts';
import type { TlsSources } from '../tls-material.ts';
import type { Issued } from './authority.ts';
import { Inbox, Loopback, streamPeer } from './loopback.ts';
import type { StreamPeer } from './loopback.ts';

export const SIP = 'sip.pstnhub.microsoft.com';

export interface SecurePeer extends StreamPeer {
  readonly socket: TLSSocket;
  readonly error: () => Error | undefined;
}

/** What the types of Node lack, `net.connect` takes. */
type PeerOptions = ConnectionOptions & { readonly allowHalfOpen?: boolean };

interface Place {
  readonly address: string;
  readonly port: number;
  readonly from: string;
}

/** Resolves once it is secure, or closed. */
export async function tlsPeer(
  { address, port, from }: Place,
  own: Issued | undefined,
  options: PeerOptions = {},
): Promise<SecurePeer> {
  const identity = own === undefined ? {} : { cert: own.pem, key: own.key };
  const target = { host: address, port, localAddress: from };
  const socket = connect({ ...target, rejectUnauthorized: false, ...identity, ...options });
  const peer = streamPeer(socket);
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  await Promise.race([new Promise<void>((resolve) => socket.once('secureConnect', () => resolve())), peer.closed]);
  return { ...peer, socket, error: () => failure };
}

export async function tlsServer(address: string, own: Issued, options: TlsOptions = {}) {
  const accepted = new Inbox<SecurePeer>();
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    { cert: own.pem, key: own.key, requestCert: true, rejectUnauthorized: false, ...options },
    (socket) => {
      sockets.add(socket);
      accepted.push({ ...streamPeer(socket), socket, error: () => undefined });
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, accepted, close };
}

interface TlsStageOptions {
  /** Leaf, then what is sent with it. */
  readonly own: readonly Issued[];
  readonly roots: readonly Issued[];
  readonly limits?: Partial<TransportLimits>;
  /** @default a day after the leaf begins */
  readonly startWallMs?: number;
}

const HERE = '127.77.14.1';
export const TEAMS = '127.77.14.9';
const CIDR = '127.77.0.0/16';

const trunks = [
  {
    kind: 'TeamsTrunk',
    name: 'teams',
    listener: 'teams',
    allowCIDRs: [CIDR],
    tls: { certificate: 'sbc', trustBundle: 'public', peerNames: [SIP] },
  },
] as const;

const tlsRules: AdmissionRules = {
  listeners: [{ name: 'teams', protocol: 'TLS' }],
  trunks,
  trustBundles: [{ name: 'public', source: { preset: 'MicrosoftTeams' } }],
};

function sourcesOf(own: readonly Issued[], roots: readonly Issued[]): TlsSources {
  const text = (all: readonly Issued[]) => all.map(({ pem }) => pem).join('');
  return {
    certificates: [{ name: 'sbc', chain: text(own), key: own[0]?.key ?? '' }],
    bundles: [{ name: 'public', roots: text(roots) }],
    trunks,
  };
}

/** One TLS listener and one trunk to Teams; closes when the test ends. */
export class TlsStage {
  readonly loopback: Loopback;
  readonly port: number;
  readonly #tls: TlsMaterial;
  readonly #test: TestContext;

  private constructor(t: TestContext, loopback: Loopback, tls: TlsMaterial) {
    this.#test = t;
    this.loopback = loopback;
    this.#tls = tls;
    this.port = loopback.portOf('teams');
  }

  static async start(t: TestContext, { own, roots, limits = {}, startWallMs }: TlsStageOptions): Promise<TlsStage> {
    const tls = new TlsMaterial();
    const nowMs = startWallMs ?? (own[0]?.x509.validFromDate.getTime() ?? 0) + 86_400_000;
    assert.deepEqual(tls.replace(sourcesOf(own, roots), nowMs), []);
    const loopback = new Loopback({
      ...{ bindAddress: HERE, rules: tlsRules, tls, limits },
      roots: (bundle) => tls.roots(bundle),
      startWallMs: nowMs,
    });
    await loopback.layer.start(listeners);
    t.after(() => loopback.layer.close());
    return new TlsStage(t, loopback, tls);
  }

  async dials(own: Issued | undefined, options: PeerOptions = {}): Promise<SecurePeer> {
    const peer = await tlsPeer({ address: HERE, port: this.port, from: TEAMS }, own, options);
    this.#test.after(() => peer.socket.destroy());
    return peer;
  }

  async serves(own: Issued, options: TlsOptions = {}) {
    const server = await tlsServer(TEAMS, own, options);
    this.#test.after(() => server.close());
    return server;
  }

  /** Waits until it has been sent, or not. */
  send(port: number, text: string) {
    return this.loopback.send(hopTo(port), text);
  }

  /** New material, as a document that is replaced brings it. */
  async reload(own: readonly Issued[], roots: readonly Issued[]) {
    const problems = this.#tls.replace(sourcesOf(own, roots), this.loopback.clock.wallMs());
    await this.loopback.layer.reload(listeners);
    return problems;
  }

  /** As a document without listener and trunk does, while the trunk still has calls and once it has none. */
  async removeListener(calls: 'with calls' | 'without calls'): Promise<void> {
    const none: AdmissionRules = { listeners: [], trunks: [], trustBundles: [] };
    this.loopback.admission.replace(none, calls === 'with calls' ? tlsRules : none);
    await this.loopback.layer.reload([]);
  }
}

const listeners = [{ name: 'teams', protocol: 'TLS', port: 0 }] as const;

const hopTo = (port: number): Hop => ({
  protocol: 'TLS',
  host: TEAMS,
  port,
  listener: 'teams',
  trunk: 'teams',
  sentBy: 'sbc-0.example.com:5061',
});
