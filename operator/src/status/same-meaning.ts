/** Whether two statuses say the same; a status is written only when they do not. Pure. */

/** Fields that say when, not what: whether they are there is compared, not what they say. */
const times: ReadonlySet<string> = new Set(['lastTransitionTime', 'at', 'heldUntil']);

/** Deep, whatever the order of keys; absent and undefined are one. Lists are compared in order. */
export function sameMeaning(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((each, index) => sameMeaning(each, right[index]));
  }
  const [a, b] = [left as Readonly<Record<string, unknown>>, right as Readonly<Record<string, unknown>>];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    const same = times.has(key) ? (a[key] === undefined) === (b[key] === undefined) : sameMeaning(a[key], b[key]);
    if (!same) return false;
  }
  return true;
}
