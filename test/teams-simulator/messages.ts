/** Messages as Microsoft's SIP proxy writes them (docs/teams-direct-routing.md, captured and published examples). */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Address, Headers, Message, Via } from 'sip';
import type { DataCentre } from './connection.ts';

export const ALLOW = 'INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY';
export const AGENT = 'Microsoft.PSTNHub.SIPProxy v.2026.10.5.2 i.EUWE.7';

export const newTag = () => randomBytes(16).toString('hex');
const newCallId = () => randomBytes(16).toString('hex');

export const portOf = (dataCentre: DataCentre): number => dataCentre.port ?? 5061;

export const proxyHostOf = (dataCentre: DataCentre): string =>
  dataCentre.proxyHost ?? `sip-du-a-${dataCentre.host.split('.')[0] ?? 'sip'}.pstnhub.microsoft.com`;

/** The Via names the data centre's address, never the port that the connection came from. */
export function newVia(dataCentre: DataCentre): Via {
  const branch = `z9hG4bK${randomBytes(4).toString('hex')}`;
  return { protocol: 'TLS', host: dataCentre.address, port: portOf(dataCentre), params: { branch } };
}

/** Names no host of ours and port 443: without the Record-Route nobody could answer to it. */
export function apiContact(): Address[] {
  const uri = `sip:api-du-a-euwe.pstnhub.microsoft.com:443;x-i=${randomUUID()};x-c=${newTag()}/d/8/${newTag()}`;
  return [{ uri, params: {} }];
}

export const recordRoute = (dataCentre: DataCentre): string =>
  `<sip:${proxyHostOf(dataCentre)}:${portOf(dataCentre)};transport=tls;lr>`;

const PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  603: 'Decline',
};

export interface ResponseParts {
  readonly reasonPhrase?: string;
  readonly toTag?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly sdp?: string;
}

/** In the order of Microsoft's own: FROM, TO, CSEQ, CALL-ID, VIA, …, ALLOW, SERVER. */
export function response(request: Message, status: number, parts: ResponseParts = {}): Message {
  const { from, to, cseq, via } = request.headers;
  const isTagged = parts.toTag === undefined || 'tag' in to.params;
  const headers: Headers = {
    from,
    to: isTagged ? to : { ...to, params: { ...to.params, tag: parts.toTag ?? null } },
    cseq,
    'call-id': request.headers['call-id'],
    via,
    'content-length': 0,
    ...parts.headers,
    allow: ALLOW,
    server: AGENT,
    ...(parts.sdp === undefined ? {} : { 'content-type': 'application/sdp' }),
  };
  return { status, reason: parts.reasonPhrase ?? PHRASES[status] ?? 'Unknown', headers, content: parts.sdp ?? '' };
}

/** Its own OPTIONS go to the FQDN that stood in the Contact of the SBC's (docs/teams-direct-routing.md O13). */
export function optionsTo(fqdn: string, port: number, from: DataCentre): Message {
  const own = `sip:${proxyHostOf(from)}:${portOf(from)}`;
  return {
    method: 'OPTIONS',
    uri: `sip:${fqdn}:${port};transport=tls`,
    headers: {
      from: { uri: own, params: { tag: newTag() } },
      to: { uri: `sip:${fqdn}`, params: {} },
      cseq: { seq: 1, method: 'OPTIONS' },
      'call-id': newCallId(),
      'max-forwards': 70,
      via: [newVia(from)],
      contact: [{ uri: `${own};transport=tls`, params: {} }],
      'content-length': 0,
      'user-agent': AGENT,
      allow: ALLOW,
    },
  };
}

export interface InviteParts {
  readonly sbc: { readonly fqdn: string; readonly port: number };
  readonly to: string;
  readonly from: string;
  readonly displayName: string;
  readonly sdp: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Teams to SBC: the host of the request URI is the trunk's FQDN. */
export function inviteTo(parts: InviteParts, from: DataCentre): Message {
  const { fqdn, port } = parts.sbc;
  return {
    method: 'INVITE',
    uri: `sip:${parts.to}@${fqdn}:${port};user=phone;transport=tls`,
    headers: {
      from: {
        name: parts.displayName,
        uri: `sip:${parts.from}@sip.pstnhub.microsoft.com:5061;user=phone`,
        params: { tag: newTag() },
      },
      to: { uri: `sip:${parts.to}@${fqdn}:${port};user=phone`, params: {} },
      cseq: { seq: 1, method: 'INVITE' },
      'call-id': newCallId(),
      'max-forwards': 70,
      via: [newVia(from)],
      'record-route': recordRoute(from),
      contact: apiContact(),
      'content-length': 0,
      'min-se': '300',
      supported: 'histinfo,timer',
      'user-agent': AGENT,
      'content-type': 'application/sdp',
      allow: ALLOW,
      'session-expires': '3600',
      ...parts.headers,
    },
    content: parts.sdp,
  };
}
