/** How Microsoft knows a trunk: the FQDN in Record-Route or Contact, matched to the certificate of the connection. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import sip, { type Message } from 'sip';
import { refusals, type Refusal } from './refusals.ts';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const MAX_CHAIN = 8;

export type PeerVerdict =
  | { readonly kind: 'trusted'; readonly names: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** Microsoft accepts certificates without clientAuth (2026); Node's own check would not, so the chain is walked here. */
export function verifyPeer(socket: TLSSocket, roots: readonly X509Certificate[], nowMs = Date.now()): PeerVerdict {
  const chain: X509Certificate[] = [];
  const peer = socket.getPeerX509Certificate();
  // A root issues itself: the walk ends where it meets what it knows.
  for (let at = peer; at && chain.length < MAX_CHAIN; at = at.issuerCertificate) {
    const { fingerprint256 } = at;
    if (chain.some((known) => known.fingerprint256 === fingerprint256)) break;
    chain.push(at);
  }
  const leaf = chain[0];
  if (!leaf) return { kind: 'refused', reason: 'no client certificate' };
  const usages = leaf.keyUsage as string[] | undefined;
  if (usages && !usages.includes(SERVER_AUTH)) return { kind: 'refused', reason: 'certificate without serverAuth' };
  return chainProblem(leaf, chain, roots, nowMs) ?? { kind: 'trusted', names: dnsNames(leaf) };
}

function chainProblem(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  nowMs: number,
): PeerVerdict | undefined {
  let current = leaf;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    if (nowMs < current.validFromDate.getTime() || nowMs > current.validToDate.getTime()) {
      return { kind: 'refused', reason: `certificate expired or not yet valid: ${current.subject}` };
    }
    const issued = (by: X509Certificate) => by.ca && current.checkIssued(by) && current.verify(by.publicKey);
    if (roots.some((root) => issued(root))) return undefined;
    const next = chain.find((other) => other !== current && issued(other));
    if (!next) break;
    current = next;
  }
  return { kind: 'refused', reason: `certificate of an unknown authority: ${current.issuer.replaceAll('\n', ', ')}` };
}

function dnsNames(leaf: X509Certificate): string[] {
  const alternative = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('DNS:'));
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return [...new Set([...(common === undefined ? [] : [common]), ...alternative.map((name) => name.slice(4))])];
}

/** Exactly, or by a wildcard for one label (RFC 2818 §3.1). */
function covers(name: string, fqdn: string): boolean {
  const [pattern, host] = [name.toLowerCase(), fqdn.toLowerCase()];
  if (!pattern.startsWith('*.')) return pattern === host;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1);
}

export interface Trunk {
  readonly fqdn: string;
  readonly port: number;
}

export type TrunkVerdict =
  { readonly kind: 'trunk'; readonly trunk: Trunk } | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The FQDN that the request shows, and whether the certificate of its connection allows it. */
export function trunkOf(request: Message, certificateNames: readonly string[]): TrunkVerdict {
  const recordRoute = request.headers['record-route'];
  const routed = Array.isArray(recordRoute) ? recordRoute[0]?.uri : undefined;
  const contact = request.headers.contact?.[0];
  // Record-Route wins where both are there; only the host counts.
  const uri = routed ?? (contact ? sip.parseUri(contact.uri) : undefined);
  if (!uri) return { kind: 'refused', refusal: refusals.noContact() };
  const isAllowed = !isIP(uri.host) && certificateNames.some((name) => covers(name, uri.host));
  if (!isAllowed) return { kind: 'refused', refusal: refusals.foreignName(uri.host, certificateNames) };
  return { kind: 'trunk', trunk: { fqdn: uri.host.toLowerCase(), port: probedPort(request) ?? (uri.port || 5061) } };
}

/** Microsoft takes the Contact alone to know where its own OPTIONS go (docs/teams-direct-routing.md O13). */
function probedPort(request: Message): number | undefined {
  const contact = request.headers.contact?.[0];
  return (contact ? sip.parseUri(contact.uri)?.port : undefined) || undefined;
}
