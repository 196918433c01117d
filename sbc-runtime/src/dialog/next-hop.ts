/** Where requests inside a dialog go: route set or remote target (RFC 3261 §12.2.1.1, §8.1.2). Pure. */
import type { Heard, Hop, TransportProtocol } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { isSipUri, parseUri, type SipUri } from '../sip/uri.ts';
import { routeUri, type DialogState } from './dialog-state.ts';

export type Destination =
  | { readonly kind: 'hop'; readonly hop: Hop; readonly requestUri: string; readonly routes: readonly string[] }
  /** The URI to follow is no SIP URI: nothing can be sent there. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** `heardFrom`: where the peer of the dialog was heard from last. */
export function destination(dialog: DialogState, identity: LocalIdentity, heardFrom: Heard | undefined): Destination {
  const { remoteTarget, routeSet } = dialog;
  const ends = { identity, heardFrom };
  const first = routeSet[0];
  if (first === undefined) return along(remoteTarget, ends, remoteTarget, routeSet);
  const firstUri = routeUri(first);
  if (firstUri === undefined) return { kind: 'unreachable', reason: 'the first element of the route set is no URI' };
  const parsed = parseUri(firstUri);
  // RFC 3261 §12.2.1.1: a strict router wants its own URI in the request line and the remote target as last Route.
  if (!isSipUri(parsed) || parsed.params.has('lr')) return along(firstUri, ends, remoteTarget, routeSet);
  return along(firstUri, ends, firstUri, [...routeSet.slice(1), `<${remoteTarget}>`]);
}

interface Ends {
  readonly identity: LocalIdentity;
  readonly heardFrom: Heard | undefined;
}

function along(uri: string, ends: Ends, requestUri: string, routes: readonly string[]): Destination {
  const parsed = parseUri(uri);
  if (!isSipUri(parsed)) return { kind: 'unreachable', reason: 'the next hop of the dialog is no SIP URI' };
  return { kind: 'hop', hop: hopOf(parsed, ends), requestUri, routes };
}

/**
 * The protocol is the trunk's, whatever `transport` or `sips` say: over another one we listen to nobody of the trunk. On TLS its
 * SDP carries keys (RFC 4568), and a Contact must not move them to a wire in the clear; elsewhere it must not have us dial.
 */
function hopOf(uri: SipUri, { identity, heardFrom }: Ends): Hop {
  const { protocol, listener, trunk, sentBy } = identity;
  const port = uri.port ?? (isAddress(uri.host) ? defaultPort(protocol) : undefined);
  return {
    protocol,
    host: uri.host,
    // A name without a port is looked up as SRV first (RFC 3263 §4.2): the transport room knows the default as well.
    ...(port === undefined ? {} : { port }),
    ...(heardFrom === undefined ? {} : { heardFrom }),
    ...{ listener, trunk, sentBy },
  };
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
