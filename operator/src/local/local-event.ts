/** What `sbc local` says, as values: one line of text each, or one line of JSON each (`--output json`). Pure. */

export type LocalEvent =
  | ReadyEvent
  | {
      readonly event: 'running';
      readonly directory: string;
      readonly runDirectory: string;
      readonly pods: readonly string[];
    }
  | { readonly event: 'not-ready'; readonly pod: string; readonly container: string; readonly reason: string }
  | {
      readonly event: 'exited';
      readonly pod: string;
      readonly container: string;
      readonly pid: number;
      /** `code 1` or `signal SIGKILL`. */
      readonly how: string;
      /** The last line that it wrote; absent with `--log=inherit`. */
      readonly lastLine?: string;
      readonly log?: string;
      /** Absent where it is not started again. */
      readonly restartInMs?: number;
    }
  | { readonly event: 'applied'; readonly pod: string; readonly hash: string }
  | { readonly event: 'not-applied'; readonly pod: string; readonly hash: string; readonly reason: string }
  | { readonly event: 'wrote'; readonly pod: string; readonly source: string }
  /** The directory as it stands now is not served. */
  | { readonly event: 'refused'; readonly problems: readonly string[] }
  | { readonly event: 'pending'; readonly pod: string; readonly fields: readonly string[] }
  | { readonly event: 'starting'; readonly pod: string }
  | { readonly event: 'draining'; readonly pod: string; readonly timeoutSeconds: number }
  | { readonly event: 'ended'; readonly pod: string }
  | { readonly event: 'note'; readonly message: string };

export interface ReadyEvent {
  readonly event: 'ready';
  readonly pod: string;
  readonly container: string;
  readonly pid: number;
  readonly addresses: readonly ReadyAddress[];
  /** Absent with `--log=inherit`. */
  readonly log?: string;
  /** Of the runtime. */
  readonly adminSocket?: string;
}

export interface ReadyAddress {
  /** `TLS`, `UDP`, `TCP`, `http`, `ng`, `rtp`. */
  readonly use: string;
  /** The kind of trunk that a SIP listener serves. */
  readonly serves?: string;
  readonly address: string;
  readonly port: number;
  /** The last port of a range. */
  readonly lastPort?: number;
}

export function eventText(event: LocalEvent): string {
  switch (event.event) {
    case 'ready':
      return `ready ${event.pod}/${event.container} pid ${String(event.pid)}${event.addresses.map(addressText).join('')}`;
    case 'running':
      return `running ${event.pods.join(', ')} from ${event.directory}, state in ${event.runDirectory}`;
    case 'not-ready':
      return `not ready ${event.pod}/${event.container}: ${event.reason}`;
    case 'exited':
      return exitedText(event);
    case 'applied':
      return `applied ${event.hash} to ${event.pod}`;
    case 'not-applied':
      return `not applied ${event.hash} to ${event.pod}: ${event.reason}`;
    case 'wrote':
      return `wrote ${event.source} to ${event.pod}`;
    case 'refused':
      return [...event.problems, 'refused: the last good state keeps serving'].join('\n');
    case 'pending':
      return `pending ${event.pod}: ${event.fields.join(', ')} ${event.fields.length === 1 ? 'takes' : 'take'} effect at the next start`;
    case 'starting':
      return `starting ${event.pod}`;
    case 'draining':
      return `draining ${event.pod}: new calls are refused, running ones have ${String(event.timeoutSeconds)} s`;
    case 'ended':
      return `ended ${event.pod}`;
    case 'note':
      return `note: ${event.message}`;
  }
}

export function eventJson(event: LocalEvent): string {
  return JSON.stringify(event);
}

function addressText({ use, address, port, lastPort }: ReadyAddress): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return ` ${use} ${host}:${String(port)}${lastPort === undefined ? '' : `-${String(lastPort)}`}`;
}

function exitedText(event: Extract<LocalEvent, { event: 'exited' }>): string {
  const { pod, container, pid, how, lastLine, log, restartInMs } = event;
  const why = lastLine === undefined || lastLine === '' ? '' : `: ${lastLine}`;
  const where = log === undefined ? '' : ` (log ${log})`;
  const next =
    restartInMs === undefined
      ? ''
      : restartInMs === 0
        ? ', starts again at once'
        : `, starts again in ${String(restartInMs / 1000)} s`;
  return `exited ${pod}/${container} pid ${String(pid)} ${how}${next}${why}${where}`;
}
