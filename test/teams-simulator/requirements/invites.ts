/** I, J and M of docs/teams-direct-routing.md: calls in both directions, and their descriptions. */
import sip from 'sip';
import type { Recorded } from '../log.ts';
import { directionOf, payloadTypes } from '../media.ts';
import { rawValue, rawValues, tokensOf } from '../wire.ts';
import { broken, each, eachOf, KEPT, NOT_SEEN, type Outcome, type Requirement } from './requirement.ts';
import { answersTo, contactOf, finalOf, isInDialog, isTransfer, methodOf, type Described, type Seen } from './seen.ts';

const FORBIDDEN = ['UPDATE', 'PRACK', 'INFO', 'REFER', 'SUBSCRIBE', 'MESSAGE', 'PUBLISH'];
/** Later INVITEs between the same people are a new call. */
const SAME_CALL_MS = 5000;

const inMedia = (seen: Seen, problemOf: (described: Described) => string | false | undefined): Outcome =>
  eachOf(seen.described, (described) => {
    const problem = problemOf(described);
    return typeof problem === 'string' ? broken(problem, described.entry) : KEPT;
  });

/** The calls that the SBC placed and Microsoft refused with one of these, with what the SBC tried next. */
function refused(seen: Seen, isRefusal: (final: Recorded) => boolean) {
  return seen.invites.flatMap((invite) => {
    const final = finalOf(invite, seen);
    if (!final || !isRefusal(final)) return [];
    const people = ({ message }: Recorded) =>
      `${message.headers.from.uri} ${sip.parseUri(message.uri ?? '')?.user ?? message.uri ?? ''}`;
    const same = seen.invites.filter((other) => people(other) === people(invite));
    const others = same.filter((other) => other !== invite);
    const later = others.filter(({ atMs }) => atMs >= final.atMs && atMs - final.atMs < SAME_CALL_MS);
    const tried = new Set(
      same.filter(({ atMs }) => Math.abs(final.atMs - atMs) < 60_000).map(({ dataCentre }) => dataCentre),
    );
    return [{ final, later, isAllTried: seen.dataCentres.every((host) => tried.has(host)) }];
  });
}

const statusOf = ({ message }: Recorded) => message.status ?? 0;

function movesOn(seen: Seen, isRefusal: (final: Recorded) => boolean): Outcome {
  return eachOf(refused(seen, isRefusal), ({ final, later, isAllTried }) => {
    if (later.some(({ dataCentre }) => dataCentre !== final.dataCentre)) return KEPT;
    if (isAllTried || seen.nowMs - final.atMs < SAME_CALL_MS) return NOT_SEEN;
    return broken('no other data centre got the call', final);
  });
}

const staysRefused = (seen: Seen, statuses: readonly number[]): Outcome =>
  eachOf(
    refused(seen, (final) => statuses.includes(statusOf(final))),
    ({ later }) => (later[0] ? broken('it is tried again', later[0]) : KEPT),
  );

function connectionCloses(seen: Seen, final: Recorded): Outcome {
  const closed = seen.notes.some(
    ({ kind, connection, atMs }) =>
      kind === 'connection-closed' && connection === final.connection && atMs >= final.atMs,
  );
  if (closed) return KEPT;
  return seen.nowMs - final.atMs < SAME_CALL_MS ? NOT_SEEN : broken('the connection stays open', final);
}

const hasRetryAfter = (final: Recorded) => statusOf(final) === 503 && rawValue(final.text, 'retry-after') !== undefined;

/** Transfers go to where REFER said. */
const ownInvites = (seen: Seen) => seen.invites.filter((entry) => !isTransfer(entry));

const toSbc = (seen: Seen) => seen.sent.filter((entry) => entry.message.method === 'INVITE' && !isInDialog(entry));

export const inviteRequirements: readonly Requirement[] = [
  {
    id: 'I-01',
    demand: 'the request URI is a number with + and user=phone',
    examine: (seen) =>
      each(ownInvites(seen), ({ message }) => {
        const uri = sip.parseUri(message.uri ?? '');
        const isRight = /^\+[1-9]\d{1,14}(;ext=\d+)?$/.test(uri?.user ?? '') && uri?.params['user'] === 'phone';
        return !isRight && `the request URI is ${message.uri ?? ''}`;
      }),
  },
  {
    id: 'I-02',
    demand: 'From is a number with +, or anonymous',
    examine: (seen) =>
      each(seen.invites, ({ message }) => {
        const { uri } = message.headers.from;
        const user = sip.parseUri(uri)?.user ?? '';
        return !/^(\+[1-9]\d{1,14}|anonymous)$/i.test(user) && `From is ${uri}`;
      }),
  },
  {
    id: 'I-03',
    demand: 'Contact is the FQDN that Microsoft knows the tenant by',
    examine: (seen) =>
      each(seen.invites, (invite) => {
        const final = finalOf(invite, seen);
        const reason = (final && statusOf(final) === 403 && rawValue(final.text, 'reason')) || '';
        return /trunk/i.test(reason) ? `${rawValue(invite.text, 'contact') ?? 'no Contact'} was refused` : undefined;
      }),
  },
  {
    id: 'I-04',
    demand: 'no Record-Route, or the same FQDN as in Contact',
    examine: (seen) =>
      each(
        seen.received.filter(({ message }) => message.method !== undefined),
        (entry) => {
          const [route] = rawValues(entry.text, 'record-route');
          const host = contactOf(entry)?.host;
          return route !== undefined && !(host !== undefined && route.includes(`:${host}`)) && `Record-Route: ${route}`;
        },
      ),
  },
  {
    id: 'I-05',
    demand: 'never Replaces towards Microsoft',
    examine: (seen) => each(seen.invites, ({ text }) => rawValue(text, 'replaces') !== undefined && 'it has Replaces'),
  },
  {
    id: 'I-06',
    demand: 'never an INVITE without an offer',
    examine: (seen) =>
      each([...seen.invites, ...seen.reinvites], ({ message }) => (message.content ?? '') === '' && 'it has no offer'),
  },
  {
    id: 'I-07',
    demand: 'hold is inactive with a real address',
    examine: (seen) =>
      inMedia(seen, ({ sdp, media }) => {
        const direction = directionOf(sdp);
        if (direction === 'sendonly' || direction === 'recvonly') return `a=${direction}`;
        return media.address === '0.0.0.0' && 'c=0.0.0.0';
      }),
  },
  {
    id: 'I-08',
    demand: 'no UPDATE, PRACK, INFO, REFER or SUBSCRIBE, and no 100rel asked for',
    examine: (seen) =>
      each(seen.received, ({ message, text }) => {
        if (message.method !== undefined && FORBIDDEN.includes(message.method)) return message.method;
        return tokensOf(text, 'require').includes('100rel') && 'Require: 100rel';
      }),
  },
  {
    id: 'I-09',
    demand: 'no payload type twice',
    examine: (seen) =>
      inMedia(seen, ({ sdp }) => {
        const types = payloadTypes(sdp);
        const twice = types.find((type, at) => types.indexOf(type) !== at);
        return twice !== undefined && `payload type ${twice} stands twice`;
      }),
  },
  {
    id: 'I-10',
    demand: 'SIP that a strict reader takes',
    examine: (seen) => {
      const wrong = seen.notes.find(({ kind, detail }) => kind === 'unreadable' && detail !== 'a response to nothing');
      if (wrong) return broken(`${wrong.dataCentre}: ${wrong.detail.slice(0, 120)}`);
      return seen.received.length > 0 ? KEPT : NOT_SEEN;
    },
  },
  {
    id: 'I-11',
    demand: '503 with Retry-After: that connection closes, the next data centre gets the call',
    examine: (seen) => {
      const moved = movesOn(seen, hasRetryAfter);
      const cut = eachOf(refused(seen, hasRetryAfter), ({ final }) => connectionCloses(seen, final));
      return moved.verdict === 'broken' ? moved : cut;
    },
  },
  {
    id: 'I-12',
    demand: '408 or 504: the next data centre, soon',
    examine: (seen) => movesOn(seen, (final) => [408, 504].includes(statusOf(final))),
  },
  { id: 'I-13', demand: '603 is never tried again', examine: (seen) => staysRefused(seen, [603]) },
  {
    id: 'I-14',
    demand: '403, 404 and 486 are not tried elsewhere',
    examine: (seen) => staysRefused(seen, [403, 404, 486]),
  },
  {
    id: 'J-02',
    demand: 'a word beyond 100 within 10 s, or a final one',
    examine: (seen) =>
      eachOf(toSbc(seen), (invite) => {
        const first = answersTo(invite, seen).find((answer) => statusOf(answer) > 100);
        const tookMs = (first?.atMs ?? seen.nowMs) - invite.atMs;
        if (tookMs > 10_000) return broken(`nothing beyond 100 for ${tookMs} ms`, invite);
        return first ? KEPT : NOT_SEEN;
      }),
  },
  {
    id: 'J-03',
    demand: '503 comes before any 18x',
    examine: (seen) => {
      const finals = toSbc(seen).flatMap((invite) => {
        const answers = answersTo(invite, seen);
        return answers.some((answer) => statusOf(answer) === 503) ? [answers] : [];
      });
      return eachOf(finals, (answers) => {
        const early = answers.find((answer) => statusOf(answer) > 100 && statusOf(answer) < 200);
        return early ? broken(`${statusOf(early)} came before 503`, early) : KEPT;
      });
    },
  },
  {
    id: 'M-01',
    demand: 'SRTP with AES_CM_128_HMAC_SHA1_80, never plain RTP',
    examine: (seen) =>
      inMedia(seen, ({ media }) => {
        if (media.port === 0) return undefined;
        if (!media.profile.includes('SAVP')) return `the profile is ${media.profile}`;
        return !media.keys.some((key) => key.includes(' AES_CM_128_HMAC_SHA1_80 ')) && 'no key of that suite';
      }),
  },
  {
    id: 'M-03',
    demand: 'one suite is offered',
    examine: (seen) =>
      eachOf(
        seen.described.filter(({ entry }) => methodOf(entry) === 'INVITE' && entry.message.method !== undefined),
        ({ media, entry }) => (media.keys.length > 1 ? broken(`${media.keys.length} keys are offered`, entry) : KEPT),
      ),
  },
  {
    id: 'B-01',
    demand: 'with ICE: ICE lite with one IPv4 candidate',
    examine: (seen) =>
      eachOf(
        seen.described.filter(({ media }) => media.ice.length > 0),
        ({ sdp, media, entry }) => {
          const candidates = media.ice.filter((line) => line.startsWith('a=candidate:'));
          if (!/^a=ice-lite\r?$/m.test(sdp)) return broken('no a=ice-lite', entry);
          return candidates.length === 1 ? KEPT : broken(`${candidates.length} candidates`, entry);
        },
      ),
  },
];
