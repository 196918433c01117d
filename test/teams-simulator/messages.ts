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
  const uri = `sip:${API}:443;x-i=${randomUUID()};x-c=${newTag()}/d/8/${newTag()}`;
  return [{ uri, params: {} }];
}

export const recordRoute = (dataCentre: DataCentre): string =>
  `<sip:${proxyHostOf(dataCentre)}:${portOf(dataCentre)};transport=tls;lr>`;

const API = 'api-du-a-euwe.pstnhub.microsoft.com';
const PROXY = 'sip.pstnhub.microsoft.com:5061';

/** With ForwardPai: who pays, as number and as person; From may be anonymous then. */
export const identityHeaders = (from: string): Record<string, string> => ({
  'p-asserted-identity': `<tel:${from}>,<sip:megan@contoso.com>`,
  privacy: 'id',
});

/** With ForwardCallHistory: the number that forwarded, escaped as Microsoft's page has it. */
export const historyHeaders = (by: string): Record<string, string> => ({
  'history-info':
    `<sip:${by}@${PROXY};user=phone?Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%20temporarily%22>;index=1,` +
    `<sip:${by}@${PROXY};user=phone?Reason=SIP%3Bcause%3D496%3Btext%3D%22Call%20Queue%22>;index=1.1`,
  'referred-by': `<sip:${by}@${PROXY};user=phone>`,
});

export interface ReferParts {
  /** A number: the target is the PSTN's. Default: a Teams user by id, a URI without a user part. */
  readonly number?: string;
  /** Octets to which Referred-By grows, up to 4096. Default: what captures show, about 420. */
  readonly size?: number;
}

/** Refer-To and Referred-By as captured: parameters with colons, base64 whose case matters, `%3D`. */
export function referHeaders({ number, size = 0 }: ReferParts): { 'refer-to': string; 'referred-by': string } {
  const user = `x-m=8:orgid:${randomUUID()}`;
  const target = number === undefined ? `sip:${PROXY};transport=tls;${user}` : `sip:${number}@${PROXY};transport=tls`;
  const place = (dci: string) => Buffer.from(`https://${API}/v1/ngc/callnotification?dci=${dci}`).toString('base64');
  const by = (dci: string) =>
    `<sip:${PROXY};x-m=8:orgid:${randomUUID()};x-t=${randomUUID()};x-ti=${randomUUID()};x-tt=${encodeURIComponent(place(dci))}>`;
  const short = by(newTag());
  const missing = Math.max(0, Math.min(size, 4096) - short.length);
  return { 'refer-to': `<${target}>`, 'referred-by': missing === 0 ? short : by(newTag() + 'a'.repeat(missing)) };
}

const PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  504: 'Server Time-out',
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
