/** D and R of docs/teams-direct-routing.md: what happens within dialogs, and transfers. */
import type { Recorded } from '../log.ts';
import { directionOf, readMedia } from '../media.ts';
import { notifyFaults } from '../transfer.ts';
import { rawValue, tokensOf } from '../wire.ts';
import { broken, each, eachOf, KEPT, NOT_SEEN, type Outcome, type Requirement } from './requirement.ts';
import { contactOf, describe, finalOf, isInDialog, isTransfer, type Conversation, type Seen } from './seen.ts';

const ACK_MS = 500;

/** The same in every description that the SBC sends in a call; undefined where the call tells nothing. */
const constant = (seen: Seen, what: string, valueOf: (entry: Recorded) => string | undefined): Outcome =>
  eachOf(seen.conversations, ({ entries }) => {
    const told = entries
      .filter(({ direction }) => direction === 'received')
      .flatMap((entry) => {
        const value = valueOf(entry);
        return value === undefined ? [] : [{ entry, value }];
      });
    const other = told.find(({ value }) => value !== told[0]?.value);
    if (other) return broken(`${what} was ${told[0]?.value ?? ''}, is ${other.value}`, other.entry);
    return told.length > 1 ? KEPT : NOT_SEEN;
  });

const keyIn = (entry: Recorded) =>
  describe(entry)
    ?.media.keys.map((key) => /AES_CM_128_HMAC_SHA1_80 inline:([^|\s]+)/.exec(key)?.[1])
    .find((key) => key !== undefined);

/** Where Teams did not take multiplexing away itself. */
const isMuxedByTeams = ({ entries }: Conversation) =>
  entries.every(({ direction, message }) => {
    const media = direction === 'sent' ? readMedia(message.content ?? '') : undefined;
    return media?.isMuxed !== false;
  });

/** Our requests within a dialog that took another connection than its INVITE. */
function elsewhere({ entries }: Conversation): Recorded[] {
  const invite = entries.find(({ message }) => message.method === 'INVITE');
  return entries.filter(
    (entry) =>
      entry.direction === 'sent' &&
      isInDialog(entry) &&
      !['ACK', 'CANCEL', undefined].includes(entry.message.method) &&
      entry.connection !== invite?.connection,
  );
}

/** RFC 3261 §12.2.1.1: our Contact as it is written, along our Record-Route. */
function targetProblem(entry: Recorded, { entries }: Conversation): string | undefined {
  const contacts = entries
    .filter(({ direction }) => direction === 'sent')
    .map(({ message }) => message.headers.contact?.[0]?.uri);
  if (!contacts.includes(entry.message.uri)) return `the request URI is ${entry.message.uri ?? ''}`;
  const route = rawValue(entry.text, 'route') ?? '';
  return route.includes('pstnhub.microsoft.com') ? undefined : `Route is ${route || 'missing'}`;
}

function acknowledged(ok: Recorded, seen: Seen): Outcome {
  const { headers } = ok.message;
  const ack = seen.received.find(
    ({ message, atMs }) =>
      message.method === 'ACK' &&
      atMs >= ok.atMs &&
      message.headers['call-id'] === headers['call-id'] &&
      message.headers.cseq.seq === headers.cseq.seq,
  );
  const tookMs = (ack?.atMs ?? seen.nowMs) - ok.atMs;
  if (tookMs > ACK_MS) return broken(ack ? `the ACK took ${tookMs} ms` : 'no ACK', ok);
  return ack ? KEPT : NOT_SEEN;
}

/** The first of each: retransmissions of a 200 are not new ones. */
const ourOks = (seen: Seen) => {
  const oks = seen.sent.filter(({ message }) => message.status === 200 && message.headers.cseq.method === 'INVITE');
  const keyOf = ({ message }: Recorded) => `${message.headers['call-id']} ${message.headers.cseq.seq}`;
  return [...Map.groupBy(oks, keyOf).values()].flatMap(([first]) => first ?? []);
};

const refers = (seen: Seen) => seen.sent.filter(({ message }) => message.method === 'REFER');

const notifies = (refer: Recorded, seen: Seen) =>
  seen.received.filter(
    ({ message }) => message.method === 'NOTIFY' && message.headers['call-id'] === refer.message.headers['call-id'],
  );

const lineOf = ({ message }: Recorded) => (message.content ?? '').split('\r\n')[0] ?? '';

const told = (notify: Recorded) => Number(/^SIP\/2\.0 (\d{3}) /.exec(lineOf(notify))?.[1] ?? 0);

/** What advertises: a new INVITE of the SBC, and its 200 to one of ours. */
const advertising = (seen: Seen) => [
  ...seen.invites,
  ...seen.received.filter(
    ({ message }) =>
      message.status === 200 && message.headers.cseq.method === 'INVITE' && message.headers.cseq.seq === 1,
  ),
];

function returned(refer: Recorded, seen: Seen): Outcome {
  const [target, by] = [rawValue(refer.text, 'refer-to') ?? '', rawValue(refer.text, 'referred-by') ?? ''];
  const id = /x-ti=[^;>]+/.exec(by)?.[0].toLowerCase() ?? '-';
  const invite = seen.invites.find(
    ({ atMs, text, message }) =>
      atMs >= refer.atMs &&
      (`<${message.uri ?? ''}>` === target || (rawValue(text, 'referred-by') ?? '').toLowerCase().includes(id)),
  );
  if (!invite) {
    const isOver = notifies(refer, seen).some((notify) => told(notify) >= 200);
    return isOver ? broken('no INVITE came back', refer) : NOT_SEEN;
  }
  if (`<${invite.message.uri ?? ''}>` !== target)
    return broken(`the target became ${invite.message.uri ?? ''}`, invite);
  return rawValue(invite.text, 'referred-by') === by ? KEPT : broken('Referred-By is not the same', invite);
}

function reported(refer: Recorded, seen: Seen): Outcome {
  const final = finalOf(refer, seen);
  if (!final) return NOT_SEEN;
  if (final.message.status !== 202) return broken(`REFER was answered ${final.message.status ?? 0}`, final);
  const reports = notifies(refer, seen);
  for (const [at, notify] of reports.entries()) {
    const before = reports[at - 1];
    const [fault] = notifyFaults(notify.text, lineOf(notify), before && lineOf(before));
    if (fault !== undefined) return broken(fault, notify);
  }
  const [first] = reports;
  if (first && told(first) !== 100) return broken(`the first NOTIFY tells ${told(first)}`, first);
  return reports.some((report) => told(report) >= 200) ? KEPT : NOT_SEEN;
}

/** The SBC hangs up only after our 200 to its last NOTIFY. */
function hangsUpAfterReport(refer: Recorded, seen: Seen): Outcome {
  const last = notifies(refer, seen).find((notify) => told(notify) >= 200);
  const bye = seen.received.find(
    ({ message }) => message.method === 'BYE' && message.headers['call-id'] === refer.message.headers['call-id'],
  );
  if (!bye || !last) return NOT_SEEN;
  const ok = finalOf(last, seen);
  return ok && seen.entries.indexOf(ok) < seen.entries.indexOf(bye)
    ? KEPT
    : broken('BYE before the 200 to NOTIFY', bye);
}

function replaced(invite: Recorded, seen: Seen): Outcome {
  const final = finalOf(invite, seen);
  const [callId = ''] = (rawValue(invite.text, 'replaces') ?? '').split(';');
  if (!final) return NOT_SEEN;
  if (final.message.status !== 200) {
    const isKnown = seen.conversations.some((each) => each.callId === callId);
    return !isKnown && final.message.status === 481 ? KEPT : broken(`answered ${final.message.status ?? 0}`, final);
  }
  const isEnded = seen.received.some(
    ({ message }) => message.method === 'BYE' && message.headers['call-id'] === callId,
  );
  if (isEnded) return KEPT;
  return seen.nowMs - final.atMs < 2000 ? NOT_SEEN : broken('the replaced call was not ended', final);
}

export const dialogRequirements: readonly Requirement[] = [
  {
    id: 'D-01',
    demand: 'a request on a new connection finds its dialog',
    examine: (seen) =>
      eachOf(seen.conversations.flatMap(elsewhere), (request) => {
        const status = finalOf(request, seen)?.message.status;
        if (status === undefined) return NOT_SEEN;
        return status === 481 || status === 403 ? broken(`answered ${status}`, request) : KEPT;
      }),
  },
  {
    id: 'D-02',
    demand: "requests go to Microsoft's Contact as written, along Record-Route",
    examine: (seen) =>
      eachOf(seen.conversations, (conversation) =>
        each(
          conversation.entries.filter(
            (entry) =>
              entry.direction === 'received' &&
              isInDialog(entry) &&
              ['BYE', 'INVITE', 'NOTIFY'].includes(entry.message.method ?? ''),
          ),
          (entry) => targetProblem(entry, conversation),
        ),
      ),
  },
  {
    id: 'D-05',
    demand: 'media address and port stay for the whole call',
    examine: (seen) =>
      constant(seen, 'media', (entry) => {
        const media = describe(entry)?.media;
        return media && media.port > 0 ? `${media.address}:${media.port}` : undefined;
      }),
  },
  { id: 'D-06', demand: "the SBC's key stays", examine: (seen) => constant(seen, 'the key', keyIn) },
  {
    id: 'D-07',
    demand: 'rtcp-mux stays as agreed',
    examine: (seen) =>
      constant({ ...seen, conversations: seen.conversations.filter(isMuxedByTeams) }, 'rtcp-mux', (entry) => {
        const media = describe(entry)?.media;
        return media && String(media.isMuxed);
      }),
  },
  {
    id: 'D-10',
    demand: 'a 200 is acknowledged within 500 ms',
    examine: (seen) => eachOf(ourOks(seen), (ok) => acknowledged(ok, seen)),
  },
  {
    id: 'B-03',
    demand: 'with ICE: candidates and credentials stay through the call',
    examine: (seen) =>
      constant(seen, 'ICE', (entry) => {
        const ice = describe(entry)?.media.ice ?? [];
        return ice.length > 0 ? ice.join(' ') : undefined;
      }),
  },
  {
    id: 'R-01',
    demand: 'Allow has NOTIFY, and REFER always or never, in INVITE and 200',
    examine: (seen) => {
      const heard = advertising(seen);
      const refer = heard.map(({ text }) => tokensOf(text, 'allow').includes('REFER'));
      const odd = refer.findIndex((has) => has !== refer[0]);
      if (odd >= 0) return broken('REFER stands in some Allow and not in others', heard[odd]);
      return each(heard, ({ text }) => !tokensOf(text, 'allow').includes('NOTIFY') && 'Allow lacks NOTIFY');
    },
  },
  {
    id: 'R-02',
    demand: 'REFER is answered 202, then NOTIFY tells how it goes',
    examine: (seen) => eachOf(refers(seen), (refer) => reported(refer, seen)),
  },
  {
    id: 'R-03',
    demand: 'the call that REFER asks for comes back with target and referrer byte for byte',
    examine: (seen) => eachOf(refers(seen), (refer) => returned(refer, seen)),
  },
  {
    id: 'R-04',
    demand: 'a REFER with a Referred-By of 400 characters and more',
    examine: (seen) =>
      eachOf(
        refers(seen).filter(({ text }) => (rawValue(text, 'referred-by') ?? '').length >= 400),
        (refer) => {
          const status = finalOf(refer, seen)?.message.status;
          if (status === undefined) return NOT_SEEN;
          return status === 202 ? KEPT : broken(`answered ${status}`, refer);
        },
      ),
  },
  {
    id: 'R-06',
    demand: "a transfer's INVITE offers SRTP both ways, under the FQDN",
    examine: (seen) =>
      each(seen.invites.filter(isTransfer), (entry) => {
        const { sdp = '', media } = describe(entry) ?? {};
        if (media?.profile.includes('SAVP') !== true || directionOf(sdp) !== 'sendrecv') return 'no SRTP both ways';
        return !contactOf(entry) && 'no Contact';
      }),
  },
  {
    id: 'R-08',
    demand: 'no BYE before the last NOTIFY is answered',
    examine: (seen) => eachOf(refers(seen), (refer) => hangsUpAfterReport(refer, seen)),
  },
  {
    id: 'R-11',
    demand: 'REFER is never passed on',
    examine: (seen) => {
      const back = seen.received.find(({ message }) => message.method === 'REFER');
      if (back) return broken('a REFER came', back);
      return refers(seen).length > 0 ? KEPT : NOT_SEEN;
    },
  },
  {
    id: 'R-12',
    demand: "INVITE with Replaces takes the leg's place; of an unknown dialog: 481",
    examine: (seen) =>
      eachOf(
        seen.sent.filter(
          ({ message, text }) => message.method === 'INVITE' && rawValue(text, 'replaces') !== undefined,
        ),
        (invite) => replaced(invite, seen),
      ),
  },
  {
    id: 'R-13',
    demand: 'Supported names replaces, in INVITE and 200',
    examine: (seen) =>
      each(
        advertising(seen),
        ({ text }) => !tokensOf(text, 'supported').includes('replaces') && 'Supported lacks replaces',
      ),
  },
];
