/**
 * What a runtime says back, at `GET /status`: which document it runs, which one it refused, and how the far ends are.
 * Fields that the reader does not know are dropped: operator and runtime are upgraded at different times.
 */
import { z } from 'zod';
import { atMost, problem, type Problem } from '../problem.ts';
import { problemsIn } from '../problems-in.ts';
import { maxTrunks } from './document.ts';

/** Characters; a reader stops there. As many trunks as a document may have, each with three targets, take a quarter of it. */
export const maxReportLength = 16 * 1024 * 1024;
/** Characters; a reader stops there. */
export const maxSummaryLength = 1024 * 1024;

/** RFC 3339, UTC. */
const time = z.iso.datetime();
const text = z.string().max(1024);
const hash = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ allowed: 'sha256: and 64 hexadecimal digits' });

const target = z.object({
  host: text,
  /** Absent: looked up (RFC 3263). */
  port: z.int().min(1).max(65535).optional(),
  /** `Unknown`: not asked yet, or OPTIONS are off. */
  state: z.enum(['Up', 'Down', 'Unknown']),
  /** Status of the last response to our OPTIONS. */
  lastStatus: z.int().min(100).max(699).optional(),
  lastAnsweredAt: time.optional(),
  /** The target asked us to stay away until then: 503 with Retry-After. */
  heldUntil: time.optional(),
  /** Why the last request got no answer: `connection refused`, `untrusted-root`, …; absent: it was answered. */
  lastFailure: text.optional(),
  /** Of connections that we open; absent: the trunk has no TLS, or a runtime of before 0.2. */
  tls: z
    .object({
      /** `Established`: the newest connection came so far. `Unknown`: none was tried yet, or it failed before TLS began. */
      state: z.enum(['Established', 'Failed', 'Unknown']),
      /** Why the newest handshake failed: `untrusted-root`, `name-mismatch`, …; only with `Failed`. */
      failure: text.optional(),
    })
    .optional(),
});

/** The newest final response of 400 and above that the far end gave to a request of ours; docs/errors.md reads it. */
const peerRefusal = z.object({
  status: z.int().min(400).max(699),
  /** The reason phrase of its status line. */
  phrase: text,
  /** Its Reason header (RFC 3326) as it came, where Microsoft says what the matter is. */
  reasonHeader: text.optional(),
  /** Its Warning header (RFC 3261 §20.43) as it came. */
  warning: text.optional(),
  /** What it says to people: the text of Reason, else that of Warning, without identifiers of the call. */
  text: text.optional(),
  /** Of the target that answered, as `targets` has it. */
  host: text,
  /** Of our request. */
  method: z.string().max(32),
  at: time,
});

const trunk = z.object({
  name: text,
  targets: z.array(target).max(64),
  /** When the far end last sent us OPTIONS. */
  optionsReceivedAt: time.optional(),
  /** Kept for an hour; one to OPTIONS until the same host takes OPTIONS, if that is earlier. Absent: nothing was refused. */
  lastRefusal: peerRefusal.optional(),
});

const certificate = z.object({
  /** The name of the entry in the document. */
  name: text,
  notAfter: time,
  /** Whole days until then, negative once it is over. Absent, as all below: a runtime of before 0.2. */
  daysLeft: z.int().optional(),
  /** DNS names of the certificate. */
  names: z.array(text).max(256),
  /** `serverAuth`, `clientAuth`, `any`, or an object identifier; absent: the certificate does not restrict its use. */
  keyUsages: z.array(text).max(32).optional(),
  /** What is wrong with it, or soon will be; docs/errors.md. */
  findings: z
    .array(z.object({ code: text, severity: z.enum(['error', 'warning']), message: z.string().max(4096) }))
    .max(32)
    .optional(),
});

const refusal = z.object({
  /** Absent where the text could not be read at all. */
  hash: hash.optional(),
  problems: z
    .array(z.object({ path: text, message: z.string().max(4096), found: text, allowed: z.string().max(4096) }))
    .max(64),
  at: time,
});

export const runtimeReport = z.object({
  /** Of the runtime. */
  version: text,
  pod: text,
  /** Of the document in force; absent until the first one was accepted. */
  hash: hash.optional(),
  /** The newest document, where it was refused; an accepted one clears it. */
  refusal: refusal.optional(),
  /** What the pod says of itself towards Teams. Absent: a runtime of before 0.2, or one without a document that names the pod. */
  advertised: z
    .object({
      /** In Contact, Via and Record-Route of a trunk without a subdomain. */
      fqdn: text,
      /** In SDP: the public address that the manifest gives, else the pod's own. Absent: SDP crosses untouched. */
      mediaAddress: text.optional(),
    })
    .optional(),
  draining: z.boolean(),
  /** While it drains: when the calls that are left are hung up. Absent otherwise. */
  drainEndsAt: time.optional(),
  /** The processor is the limit: some new calls are refused, those that are there go on. Absent: a runtime of before 0.2. */
  overloaded: z.boolean().optional(),
  /** RTPEngine answers; without it the pod is not ready. Absent: a runtime of before 0.2. */
  relayAnswers: z.boolean().optional(),
  calls: z.object({ active: z.int().min(0) }),
  trunks: z.array(trunk).max(maxTrunks),
  certificates: z.array(certificate).max(64),
});

/** `GET /status/summary`: what does not grow with the trunks, for a reader that asks often. */
export const runtimeSummary = runtimeReport.omit({ trunks: true, certificates: true });

export type RuntimeSummary = z.infer<typeof runtimeSummary>;
export type RuntimeReport = z.infer<typeof runtimeReport>;
export type TrunkReport = RuntimeReport['trunks'][number];
export type TargetReport = TrunkReport['targets'][number];
export type CertificateReport = RuntimeReport['certificates'][number];
export type PeerRefusal = NonNullable<TrunkReport['lastRefusal']>;
export type Refusal = NonNullable<RuntimeReport['refusal']>;

export type ParsedReport =
  { readonly ok: true; readonly report: RuntimeReport } | { readonly ok: false; readonly problems: readonly Problem[] };
export type ParsedSummary =
  | { readonly ok: true; readonly summary: RuntimeSummary }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never throws. */
export function parseRuntimeReport(json: string): ParsedReport {
  const parsed = parse(json, maxReportLength, runtimeReport);
  return parsed.ok ? { ok: true, report: parsed.value } : parsed;
}

/** Never throws. */
export function parseRuntimeSummary(json: string): ParsedSummary {
  const parsed = parse(json, maxSummaryLength, runtimeSummary);
  return parsed.ok ? { ok: true, summary: parsed.value } : parsed;
}

type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problems: readonly Problem[] };

function parse<Value>(json: string, maxLength: number, schema: z.ZodType<Value>): Parsed<Value> {
  if (json.length > maxLength)
    return { ok: false, problems: [problem('', 'a shorter report', `${String(json.length)} characters`)] };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return {
      ok: false,
      problems: [problem('', 'JSON', error instanceof Error ? error.message : 'a text that is not JSON')],
    };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, problems: atMost(problemsIn(parsed.error, schema, value)) };
}
