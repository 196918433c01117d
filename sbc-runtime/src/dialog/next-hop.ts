/** Where requests inside a dialog go: route set or remote target (RFC 3261 §12.2.1.1, §8.1.2). Pure. */
import type { Hop, TransportProtocol } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { isSipUri, parseUri, type SipUri } from '../sip/uri.ts';
import { routeUri, type DialogState } from './dialog-state.ts';

export type Destination =
  | { readonly kind: 'hop'; readonly hop: Hop; readonly requestUri: string; readonly routes: readonly string[] }
  /** The URI to follow is no SIP URI: nothing can be sent there. */
  | { readonly kind: 'unreachable'; readonly reason: string };

export function destination(dialog: DialogState, identity: LocalIdentity): Destination {
  const { remoteTarget, routeSet } = dialog;
  const first = routeSet[0];
  if (first === undefined) return along(remoteTarget, identity, remoteTarget, routeSet);
  const firstUri = routeUri(first);
  if (firstUri === undefined) return { kind: 'unreachable', reason: 'the first element of the route set is no URI' };
  const parsed = parseUri(firstUri);
  // RFC 3261 §12.2.1.1: a strict router wants its own URI in the request line and the remote target as last Route.
  if (!isSipUri(parsed) || parsed.params.has('lr')) return along(firstUri, identity, remoteTarget, routeSet);
  return along(firstUri, identity, firstUri, [...routeSet.slice(1), `<${remoteTarget}>`]);
}

function along(uri: string, identity: LocalIdentity, requestUri: string, routes: readonly string[]): Destination {
  const parsed = parseUri(uri);
  if (!isSipUri(parsed)) return { kind: 'unreachable', reason: 'the next hop of the dialog is no SIP URI' };
  return { kind: 'hop', hop: hopOf(parsed, identity), requestUri, routes };
}

function hopOf(uri: SipUri, identity: LocalIdentity): Hop {
  const protocol = protocolOf(uri, identity.protocol);
  const port = uri.port ?? (isAddress(uri.host) ? defaultPort(protocol) : undefined);
  return {
    protocol,
    host: uri.host,
    // A name without a port is looked up as SRV first (RFC 3263 §4.2): the transport room knows the default as well.
    ...(port === undefined ? {} : { port }),
    listener: identity.listener,
    trunk: identity.trunk,
    sentBy: identity.sentBy,
  };
}

function protocolOf(uri: SipUri, fallback: TransportProtocol): TransportProtocol {
  // RFC 3261 §26.2.2: sips means TLS, whatever `transport` says. So does a trunk over TLS: its SDP carries keys (RFC 4568),
  // and a Contact of the peer must not move them to a wire in the clear where no certificate is asked for.
  if (uri.scheme === 'sips' || fallback === 'TLS') return 'TLS';
  switch (uri.params.get('transport')?.toLowerCase()) {
    case 'udp':
      return 'UDP';
    case 'tcp':
      return 'TCP';
    case 'tls':
      return 'TLS';
    case undefined:
    default:
      return fallback;
  }
}

const defaultPort = (protocol: TransportProtocol) => (protocol === 'TLS' ? 5061 : 5060);

/** IPv6, or an IPv4 literal: the last label of a host name is never all digits (RFC 3261 §25.1, toplabel). */
function isAddress(host: string): boolean {
  if (host.includes(':')) return true;
  const last = host.charCodeAt(host.length - 1);
  return last >= 0x30 && last <= 0x39 && isNumber(host.slice(host.lastIndexOf('.') + 1));
}

function isNumber(label: string): boolean {
  for (let at = 0; at < label.length; at += 1) {
    const code = label.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return label.length > 0;
}
