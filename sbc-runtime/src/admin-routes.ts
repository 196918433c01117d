/** What the admin socket answers: the report, recent calls, their ladders, and the order to drain. */
import type { RuntimeReport } from '@teams-sbc/crds/runtime';
import { readMessage } from './message-reading.ts';
import type { AdminRoute } from './observability/admin-socket.ts';
import type { CallRecord, CallRecords } from './observability/call-records.ts';
import { jsonReply, textReply, type HttpReply } from './observability/http-server.ts';
import { inSlices } from './observability/in-slices.ts';
import { ladder } from './observability/ladder.ts';
import type { TraceRing } from './observability/trace-ring.ts';
import { findMessages } from './observability/trace-search.ts';
import { redact } from './sip/redact.ts';
import { OURSELVES } from './tracing.ts';

export interface AdminRouteDeps {
  readonly records: CallRecords;
  readonly ring: TraceRing;
  readonly report: () => RuntimeReport;
  readonly drain: () => void;
  /** Resolves once the loop has served everybody else. */
  readonly nextTurn: () => Promise<void>;
}

/** Unless more run: of those, all. */
const CALLS_SHOWN = 50;
const MOST_CALLS_SHOWN = 1000;

export function adminRoutes(deps: AdminRouteDeps): Readonly<Record<string, AdminRoute>> {
  const { records, report, drain } = deps;
  const show = (record: CallRecord | undefined, withMessages: boolean) => showLadder(deps, record, withMessages);
  return {
    'GET /status': () => jsonReply(200, report()),
    'GET /calls': ({ query }) => showCalls(records, query.get('limit')),
    'GET /calls/:id/ladder': ({ params, query }) => show(records.get(params.get('id') ?? ''), query.has('messages')),
    'GET /ladder': ({ query }) => show(records.newest(), query.has('messages')),
    'POST /drain': () => {
      drain();
      return textReply(202, 'Draining\n');
    },
  };
}

/** Those that are up first: one that is stuck stays in sight, however many have come and gone since. */
function showCalls(records: CallRecords, limit: string | null): HttpReply {
  const asked = limit === null ? Math.max(CALLS_SHOWN, records.running) : Number(limit);
  if (!Number.isInteger(asked) || asked < 1) return textReply(400, 'limit must be a whole number from 1 on\n');
  return jsonReply(200, records.list(Math.min(asked, MOST_CALLS_SHOWN)));
}

async function showLadder(
  { ring, nextTurn }: AdminRouteDeps,
  record: CallRecord | undefined,
  withMessages: boolean,
): Promise<HttpReply> {
  if (!record) return textReply(404, 'No such call here; the recent ones are listed by `sbc calls`\n');
  const participants = [record.fromTrunk, OURSELVES, ...(record.toTrunk === undefined ? [] : [record.toTrunk])];
  const { messages, more } = await inSlices(findMessages(ring, record.callIds), nextTurn);
  const drawing = ladder(messages, { participants, read: readMessage, redact, withMessages, more });
  const rungs = await inSlices(drawing, nextTurn);
  const text = rungs === '' ? 'Its messages are no longer in the trace ring\n' : rungs;
  return textReply(200, `${headline(record)}\n${text}`);
}

function headline(record: CallRecord): string {
  const end = record.end ? `${record.end.result}, ${record.end.reason} by ${record.end.by}` : 'still up';
  return `Call ${record.id}: ${record.caller} on ${record.fromTrunk} calls ${record.called} on ${record.toTrunk ?? 'nobody'}: ${end}`;
}
