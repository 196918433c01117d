/** Cuts a stream of octets into lines, each up to a limit. A character may be cut by a chunk, a line never is. */

const lineFeed = 0x0a;

export class LineReader {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor({ maxBytes, onLine }: { readonly maxBytes: number; readonly onLine: (line: string) => void }) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** @returns false where the line has become too long: the stream is of no more use */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      if (this.#bytes + end - start > this.#maxBytes) return false;
      const line = this.#finish(chunk, start, end);
      start = end + 1;
      if (line !== '') this.#onLine(line);
    }
    if (start < chunk.length) {
      this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
      this.#bytes += chunk.length - start;
    }
    return this.#bytes <= this.#maxBytes;
  }

  #finish(chunk: Buffer, start: number, end: number): string {
    if (this.#parts.length === 0) return chunk.toString('utf8', start, end);
    this.#parts.push(chunk.subarray(start, end));
    const line = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}
