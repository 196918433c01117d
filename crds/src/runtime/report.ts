/**
 * What a runtime says back, at `GET /status`: which document it runs, which one it refused, and how the far ends are.
 * Fields that the reader does not know are dropped: operator and runtime are upgraded at different times.
 */
import { z } from 'zod';
import { atMost, problem, type Problem } from '../problem.ts';
import { problemsIn } from '../problems-in.ts';

/** Characters; a reader stops there. */
export const maxReportLength = 4 * 1024 * 1024;

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
});

const trunk = z.object({
  name: text,
  targets: z.array(target).max(64),
  /** When the far end last sent us OPTIONS. */
  optionsReceivedAt: time.optional(),
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
  draining: z.boolean(),
  /** The processor is the limit: some new calls are refused, those that are there go on. Absent: a runtime of before 0.2. */
  overloaded: z.boolean().optional(),
  calls: z.object({ active: z.int().min(0) }),
  trunks: z.array(trunk).max(1000),
  certificates: z.array(certificate).max(64),
});

export type RuntimeReport = z.infer<typeof runtimeReport>;
export type TrunkReport = RuntimeReport['trunks'][number];
export type TargetReport = TrunkReport['targets'][number];
export type CertificateReport = RuntimeReport['certificates'][number];
export type Refusal = NonNullable<RuntimeReport['refusal']>;

export type ParsedReport =
  { readonly ok: true; readonly report: RuntimeReport } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never throws. */
export function parseRuntimeReport(json: string): ParsedReport {
  if (json.length > maxReportLength)
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
  const parsed = runtimeReport.safeParse(value);
  if (parsed.success) return { ok: true, report: parsed.data };
  return { ok: false, problems: atMost(problemsIn(parsed.error, runtimeReport, value)) };
}
