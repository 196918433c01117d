/** Watches that are open, and what may go wrong with them. */
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../../src/kube/kube-object.ts';
import { apiVersionOf } from '../../src/kube/resource.ts';
import type { Resource } from '../../src/kube/resource.ts';
import type { StoredEvent } from './object-storage.ts';
import { statusBody } from './status-body.ts';

export interface WatchStream {
  readonly resource: Resource;
  readonly response: ServerResponse;
  readonly selects: (object: KubeObject) => boolean;
  isSilent: boolean;
}

export class WatchStreams {
  readonly #open = new Set<WatchStream>();
  #lost = 0;

  /** How many are open, of one plural or of all. */
  count(plural?: string): number {
    return this.#of(plural).length;
  }

  open(stream: WatchStream): void {
    this.#open.add(stream);
    stream.response.on('close', () => this.#open.delete(stream));
    stream.response.writeHead(200, { 'content-type': 'application/json' });
    stream.response.flushHeaders();
  }

  deliver(resource: Resource, event: StoredEvent): void {
    if (this.#lost > 0) {
      this.#lost--;
      return;
    }
    for (const stream of this.#of(resource.plural)) send(stream, event);
  }

  /** The next `events` reach no watch, though the version moves on: what Node's watches did in the field. */
  loseNext(events = 1): void {
    this.#lost = events;
  }

  bookmark(version: number, plural?: string): void {
    for (const stream of this.#of(plural)) {
      const { kind } = stream.resource;
      const object = {
        apiVersion: apiVersionOf(stream.resource),
        kind,
        metadata: { resourceVersion: String(version) },
      };
      write(stream, { type: 'BOOKMARK', object });
    }
  }

  /** As a server ends a watch whose time is over. */
  close(plural?: string): void {
    for (const { response } of this.#of(plural)) response.end();
  }

  reset(plural?: string): void {
    for (const { response } of this.#of(plural)) response.socket?.resetAndDestroy();
  }

  /** Open, but nothing comes any more: a connection that died without a word. */
  silence(plural?: string): void {
    for (const stream of this.#of(plural)) stream.isSilent = true;
  }

  /** 410 in the stream. */
  sendGone(plural?: string): void {
    for (const stream of this.#of(plural)) {
      write(stream, { type: 'ERROR', object: statusBody(410, 'Expired', 'too old resource version') });
      stream.response.end();
    }
  }

  /** Octets that are no event. */
  sendRaw(text: string, plural?: string): void {
    for (const { response } of this.#of(plural)) response.write(text);
  }

  #of(plural: string | undefined): readonly WatchStream[] {
    return [...this.#open].filter(({ resource }) => plural === undefined || resource.plural === plural);
  }
}

export function send(stream: WatchStream, { type, object }: StoredEvent): void {
  if (stream.selects(object)) write(stream, { type, object });
}

function write({ response, isSilent }: WatchStream, event: { readonly type: string; readonly object: unknown }): void {
  if (!isSilent && !response.writableEnded) response.write(`${JSON.stringify(event)}\n`);
}
