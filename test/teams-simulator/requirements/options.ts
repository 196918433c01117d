/** C and O of docs/teams-direct-routing.md: connections and OPTIONS. */
import { isIP } from 'node:net';
import type { Recorded } from '../log.ts';
import { namesAnAddress } from '../refusals.ts';
import { rawValue, rawValues, tokensOf } from '../wire.ts';
import { broken, each, eachOf, KEPT, NOT_SEEN, type Outcome, type Requirement } from './requirement.ts';
import { contactOf, methodOf, type Seen } from './seen.ts';

const optionsOf = (seen: Seen) => seen.received.filter(({ message }) => message.method === 'OPTIONS');

const MIN_PERIOD_MS = 58_000;
const MAX_PERIOD_MS = 180_000;

function periods(entries: readonly Recorded[], nowMs: number): Outcome {
  for (const [at, entry] of entries.entries()) {
    const before = entries[at - 1];
    const after = before && entry.atMs - before.atMs;
    if (after !== undefined && (after < MIN_PERIOD_MS || after > MAX_PERIOD_MS))
      return broken(`${after} ms after the one before`, entry);
  }
  const last = entries.at(-1);
  if (last && nowMs - last.atMs > MAX_PERIOD_MS) return broken(`silent for ${nowMs - last.atMs} ms since`, last);
  return entries.length > 1 ? KEPT : NOT_SEEN;
}

/** Connections that the SBC opened, as `peer protocol by sbc for name`. */
function openedBySbc(seen: Seen, problemOf: (words: readonly string[], dataCentre: string) => string | undefined) {
  const opened = seen.notes.filter(({ kind, detail }) => kind === 'connection-opened' && / by sbc /.test(detail));
  return eachOf(opened, ({ detail, dataCentre }) => {
    const problem = problemOf(detail.split(' '), dataCentre);
    return problem === undefined ? KEPT : broken(`${dataCentre}: ${problem}`);
  });
}

function addressProblem({ text }: Recorded): string | undefined {
  const names = ['contact', 'record-route'];
  const values = names.flatMap((name) => rawValues(text, name).map((value) => [name, value] as const));
  const wrong = values.find(([, value]) => namesAnAddress(/<([^>]*)>/.exec(value)?.[1] ?? value));
  return wrong && `${wrong[0]} names an address: ${wrong[1].slice(0, 100)}`;
}

function uriProblem({ text, message }: Recorded): string | undefined {
  const headers = ['from', 'to', 'contact', 'record-route', 'route'].flatMap((name) => rawValues(text, name));
  const wrong = [message.uri ?? '', ...headers].find((value) => /\bsips:|\bsip:@/i.test(value));
  return wrong && `sips: or an empty user: ${wrong.slice(0, 100)}`;
}

export const optionsRequirements: readonly Requirement[] = [
  {
    id: 'C-07',
    demand: 'TLS 1.2 or later where the SBC dials',
    examine: (seen) =>
      openedBySbc(seen, ([, protocol = '']) =>
        ['TLSv1.2', 'TLSv1.3'].includes(protocol) ? undefined : `the connection is ${protocol}`,
      ),
  },
  {
    id: 'C-09',
    demand: 'a certificate is shown where the SBC dials, of an authority that is known here',
    examine: (seen) => {
      const refused = seen.notes.find(
        ({ kind, detail }) => kind === 'connection-refused' && /certificate/.test(detail),
      );
      return refused ? broken(`${refused.dataCentre}: ${refused.detail}`) : openedBySbc(seen, () => undefined);
    },
  },
  {
    id: 'C-18',
    demand: 'the server name asked for is the FQDN that is dialled',
    examine: (seen) =>
      openedBySbc(seen, (words, dataCentre) => {
        const asked = words.slice(4).join(' ');
        const isOurs = asked === dataCentre || asked.endsWith('.pstnhub.microsoft.com');
        return isOurs ? undefined : `the SBC asked for ${asked}`;
      }),
  },
  {
    id: 'O-01',
    demand: 'Contact of OPTIONS is the FQDN with port and transport=tls',
    examine: (seen) =>
      each(optionsOf(seen), (entry) => {
        const uri = contactOf(entry);
        const isRight = uri && !isIP(uri.host) && uri.port > 0 && uri.params['transport']?.toLowerCase() === 'tls';
        return isRight === true ? undefined : `Contact is ${rawValue(entry.text, 'contact') ?? 'missing'}`;
      }),
  },
  {
    id: 'O-02',
    demand: 'no address where Microsoft reads a name',
    examine: (seen) =>
      each(
        seen.received.filter(
          ({ text }) => rawValues(text, 'contact').length + rawValues(text, 'record-route').length > 0,
        ),
        addressProblem,
      ),
  },
  {
    id: 'O-03',
    demand: 'one OPTIONS every 60 to 180 s to each data centre',
    examine: (seen) => {
      const keyOf = (entry: Recorded) => `${entry.dataCentre} ${contactOf(entry)?.host ?? ''}`;
      const streams = Map.groupBy(optionsOf(seen), keyOf).values();
      return eachOf(streams, (entries) => periods(entries, seen.nowMs));
    },
  },
  {
    id: 'O-04',
    demand: 'OPTIONS to every data centre',
    examine: (seen) => {
      const got = new Set(optionsOf(seen).map(({ dataCentre }) => dataCentre));
      const missing = seen.dataCentres.filter((host) => !got.has(host));
      if (got.size === 0 || seen.dataCentres.length < 2) return NOT_SEEN;
      return missing.length === 0 ? KEPT : broken(`none to ${missing.join(', ')}`);
    },
  },
  {
    id: 'O-06',
    demand: "Microsoft's OPTIONS are answered 200 with FQDN and Allow",
    examine: (seen) => {
      const isAnswer = (entry: Recorded) => methodOf(entry) === 'OPTIONS' && (entry.message.status ?? 0) >= 200;
      return each(seen.received.filter(isAnswer), (entry) => {
        if (entry.message.status !== 200) return `the answer is ${entry.message.status ?? 0}`;
        if (!contactOf(entry)) return 'the answer has no Contact';
        return addressProblem(entry) ?? (tokensOf(entry.text, 'allow').length === 0 && 'the answer has no Allow');
      });
    },
  },
  {
    id: 'O-11',
    demand: 'Allow in OPTIONS tells what the SBC can',
    examine: (seen) =>
      each(optionsOf(seen), ({ text }) => {
        const allowed = tokensOf(text, 'allow');
        const missing = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS'].filter((method) => !allowed.includes(method));
        return missing.length > 0 && `Allow lacks ${missing.join(', ')}`;
      }),
  },
  { id: 'O-12', demand: 'no sips:, no @ without a user before it', examine: (seen) => each(seen.received, uriProblem) },
];
