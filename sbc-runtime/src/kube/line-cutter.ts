/** Cuts a stream of octets into lines: a watch sends one JSON object a line. Work is linear, however small the pieces are. */

const LINE_FEED = 0x0a;

export class LineCutter {
  readonly #maxOctets: number;
  #pieces: Buffer[] = [];
  #octets = 0;

  /** @param maxOctets of one line */
  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  /** The lines that end in this piece, without empty ones; undefined: one is too long, and all further are lost. */
  push(piece: Buffer): string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, start)) {
      if (!this.#keep(piece.subarray(start, end))) return undefined;
      const line = Buffer.concat(this.#pieces).toString('utf8');
      this.#pieces = [];
      this.#octets = 0;
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    return this.#keep(piece.subarray(start)) ? lines : undefined;
  }

  #keep(piece: Buffer): boolean {
    this.#octets += piece.length;
    if (this.#octets > this.#maxOctets) return false;
    if (piece.length > 0) this.#pieces.push(piece);
    return true;
  }
}
