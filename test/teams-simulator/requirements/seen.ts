/** Everything that the simulator saw, sorted for those who judge it. */
import sip, { type Uri } from 'sip';
import type { Noted, Recorded, SimulatorLog } from '../log.ts';
import { readMedia, type ReadMedia } from '../media.ts';
import { rawValue } from '../wire.ts';

/** All messages of one Call-ID, in order. */
export interface Conversation {
  readonly callId: string;
  readonly entries: readonly Recorded[];
}

export interface Seen {
  readonly entries: readonly Recorded[];
  readonly notes: readonly Noted[];
  /** Hosts of the simulator's data centres. */
  readonly dataCentres: readonly string[];
  /** Milliseconds since the simulator's start. */
  readonly nowMs: number;
  readonly received: readonly Recorded[];
  readonly sent: readonly Recorded[];
  /** New INVITEs of the SBC. */
  readonly invites: readonly Recorded[];
  /** INVITEs of the SBC within a dialog. */
  readonly reinvites: readonly Recorded[];
  /** Whatever of the SBC carries SDP. */
  readonly described: readonly Described[];
  readonly conversations: readonly Conversation[];
  readonly byCall: ReadonlyMap<string, readonly Recorded[]>;
}

export interface Described {
  readonly entry: Recorded;
  readonly sdp: string;
  readonly media: ReadMedia;
}

export function sortOut(log: SimulatorLog, dataCentres: readonly string[]): Omit<Seen, 'nowMs'> {
  const entries = log.messages;
  const received = entries.filter(({ direction }) => direction === 'received');
  const invites = received.filter(({ message }) => message.method === 'INVITE');
  const byCall = Map.groupBy(entries, ({ message }) => message.headers['call-id']);
  return {
    entries,
    notes: log.notes,
    dataCentres,
    received,
    sent: entries.filter(({ direction }) => direction === 'sent'),
    invites: invites.filter((entry) => !isInDialog(entry)),
    reinvites: invites.filter(isInDialog),
    described: received.flatMap((entry) => describe(entry) ?? []),
    byCall,
    conversations: [...byCall].map(([callId, each]) => ({ callId, entries: each })),
  };
}

export function describe(entry: Recorded): Described | undefined {
  const sdp = entry.message.content ?? '';
  const isSdp = /^application\/sdp/i.test(rawValue(entry.text, 'content-type') ?? '');
  const media = isSdp ? readMedia(sdp) : undefined;
  return media && { entry, sdp, media };
}

export const isInDialog = ({ message }: Recorded): boolean => 'tag' in message.headers.to.params;

export const methodOf = ({ message }: Recorded): string => message.headers.cseq.method;

/** Of a request: what came or went for it, in order. */
export function answersTo(request: Recorded, seen: Seen): Recorded[] {
  const { headers } = request.message;
  const entries = seen.byCall.get(headers['call-id']) ?? [];
  return entries.filter(
    ({ direction, message }) =>
      direction !== request.direction &&
      message.status !== undefined &&
      message.headers.cseq.seq === headers.cseq.seq &&
      message.headers.cseq.method === headers.cseq.method,
  );
}

export const finalOf = (request: Recorded, seen: Seen): Recorded | undefined =>
  answersTo(request, seen).find(({ message }) => (message.status ?? 0) >= 200);

export const contactOf = ({ message }: Recorded): Uri | undefined => {
  const uri = message.headers.contact?.[0]?.uri;
  return uri === undefined ? undefined : sip.parseUri(uri);
};

/** A transfer's INVITE: its target is a Teams user by id, or it names who transferred. */
export const isTransfer = ({ message, text }: Recorded): boolean =>
  /;x-m=/.test(message.uri ?? '') || /;x-ti=/.test(rawValue(text, 'referred-by') ?? '');
