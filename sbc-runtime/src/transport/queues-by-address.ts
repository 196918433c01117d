/** Connections in a queue for each address that they come from: whoever came first is first, and finding it costs the same however long a queue is. */
export class QueuesByAddress<Each extends { readonly address: string }> {
  readonly #queues = new Map<string, Set<Each>>();

  /** Behind all others of its address, where it is there already as well. */
  add(each: Each): void {
    const queue = this.#queues.get(each.address);
    if (queue === undefined) {
      this.#queues.set(each.address, new Set([each]));
      return;
    }
    queue.delete(each);
    queue.add(each);
  }

  /** False where it was not there. */
  delete(each: Each): boolean {
    const queue = this.#queues.get(each.address);
    if (queue?.delete(each) !== true) return false;
    if (queue.size === 0) this.#queues.delete(each.address);
    return true;
  }

  firstOf(address: string): Each | undefined {
    return this.#queues.get(address)?.values().next().value;
  }

  lengthOf(address: string): number {
    return this.#queues.get(address)?.size ?? 0;
  }
}
