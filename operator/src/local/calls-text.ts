/** Recent calls of a pod for a terminal, one line each. The runtime's own shape is not a contract: what is missing is left away. Pure. */

export function callsText(json: string): string {
  const calls = parseList(json);
  if (calls === undefined) return json.trimEnd();
  if (calls.length === 0) return 'no calls yet';
  return calls.map(callText).join('\n');
}

type Fields = Readonly<Record<string, unknown>>;

function callText(call: Fields): string {
  const started = numberOf(call, 'startedAtMs');
  const answered = numberOf(call, 'answeredAtMs');
  const ended = numberOf(call, 'endedAtMs');
  const time = started === undefined ? '' : new Date(started).toISOString();
  const route = `${textOf(call, 'caller')} on ${textOf(call, 'fromTrunk')} → ${textOf(call, 'called')} on ${textOf(call, 'toTrunk')}`;
  return [textOf(call, 'id'), time, route, endText(call), talkText(answered, ended)]
    .filter((part) => part !== '')
    .join('  ');
}

function endText(call: Fields): string {
  const end = call['end'];
  if (!isFields(end)) return call['answeredAtMs'] === undefined ? 'ringing' : 'up';
  const status = numberOf(end, 'status');
  return `${textOf(end, 'result')}, ${textOf(end, 'reason')} by ${textOf(end, 'by')}${status === undefined ? '' : ` (${String(status)})`}`;
}

function talkText(answeredMs: number | undefined, endedMs: number | undefined): string {
  if (answeredMs === undefined || endedMs === undefined) return '';
  return `${((endedMs - answeredMs) / 1000).toFixed(1)} s`;
}

function parseList(json: string): Fields[] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter(isFields) : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '–';
}

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' ? value : undefined;
}
