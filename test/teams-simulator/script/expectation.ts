/** Whether a message is the one that a step waits for, and what is wrong with it. */
import type { Arrival } from '../connection.ts';
import { directionOf, readMedia } from '../media.ts';
import { rawValue, rawValues } from '../wire.ts';
import type { ExpectStep, SdpExpectation } from './script.ts';
import type { Variables } from './variables.ts';

/** `INVITE`; `18x`, `200`, `200 (BYE)`. */
export function isWanted(what: string, { message }: Arrival): boolean {
  if (message.method !== undefined) return message.method === what;
  const [, pattern = '', method] = /^([1-6](?:\d\d|\dx|xx))(?: \(([A-Z]+)\))?$/.exec(what) ?? ['', '-'];
  const status = String(message.status ?? 0);
  const isStatus = new RegExp(`^${pattern.replaceAll('x', '\\d')}$`).test(status);
  return isStatus && (method === undefined || method === message.headers.cseq.method);
}

/** Undefined where all is as it should be. `before` is the SBC's last description in that call. */
export function problemOf(
  step: ExpectStep,
  arrival: Arrival,
  { variables, before }: { readonly variables: Variables; readonly before: string | undefined },
): string | undefined {
  const { message, text, connection } = arrival;
  for (const [name, given] of Object.entries(step.headers)) {
    const wanted = variables.fill(given);
    const values = rawValues(text, name);
    if (!isValue(wanted, values)) return `${name} is ${values.join(' | ') || 'missing'}, wanted ${wanted}`;
  }
  if (step.uri !== undefined) {
    const wanted = variables.fill(step.uri);
    if (!isValue(wanted, [message.uri ?? ''])) return `the request URI is ${message.uri ?? ''}, wanted ${wanted}`;
  }
  const { host } = connection.dataCentre;
  if (step.on !== undefined && host !== step.on && !host.startsWith(`${step.on}.`))
    return `it came to ${host}, wanted ${step.on}`;
  return step.sdp === undefined ? undefined : sdpProblem(step.sdp, message.content ?? '', before);
}

/** What the step saves, by name. Throws where the message has it not. */
export function savedBy(step: ExpectStep, { text }: Arrival): Record<string, string> {
  const saved = Object.entries(step.save).map(([name, from]) => {
    const [, header = '', pattern = '(.*)'] = /^(\S+)(?: \/(.*)\/)?$/.exec(from) ?? [];
    const value = new RegExp(pattern, 's').exec(rawValue(text, header) ?? '')?.[1];
    if (value === undefined) throw new Error(`cannot save ${name}: ${from} finds nothing`);
    return [name, value];
  });
  return Object.fromEntries(saved) as Record<string, string>;
}

function isValue(wanted: string, values: readonly string[]): boolean {
  if (wanted === 'absent') return values.length === 0;
  if (wanted === 'present') return values.length > 0;
  const [, pattern, flags = ''] = /^\/(.*)\/([is]*)$/s.exec(wanted) ?? [];
  if (pattern === undefined) return values.includes(wanted);
  const expression = new RegExp(pattern, flags);
  return values.some((value) => expression.test(value));
}

function sdpProblem(wanted: SdpExpectation, sdp: string, before: string | undefined): string | undefined {
  if (wanted.present === false) return sdp === '' ? undefined : 'it has SDP';
  const media = readMedia(sdp);
  if (!media) return 'it has no SDP with audio';
  const direction = directionOf(sdp);
  if (wanted.direction !== undefined && direction !== wanted.direction) return `SDP is ${direction}`;
  if (wanted.profile !== undefined && media.profile !== wanted.profile) return `the profile is ${media.profile}`;
  if (wanted.text !== undefined && !isValue(wanted.text, [sdp])) return `SDP does not match ${wanted.text}`;
  const earlier = before === undefined ? undefined : readMedia(before);
  const [was, is] = [earlier, media].map((each) => `${each?.address ?? '?'}:${each?.port ?? 0}`);
  if (wanted.sameMedia === true && was !== is) return `media was ${was ?? ''}, is ${is ?? ''}`;
  const [wasKey, isKey] = [earlier, media].map((each) => each?.keys[0]?.split('inline:')[1]);
  return wanted.sameKey === true && wasKey !== isKey ? 'the SRTP key is another one' : undefined;
}
