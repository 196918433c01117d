/** A range in CIDR notation as the API server wants it: the address without the bits that do not count. Pure. */

/** `10.20.0.10/24` becomes `10.20.0.0/24`. @param cidr valid */
export function networkRange(cidr: string): string {
  const slash = cidr.lastIndexOf('/');
  const [address, bits] = [cidr.slice(0, slash), Number(cidr.slice(slash + 1))];
  if (!address.includes(':')) {
    const octets = masked(address.split('.').map(Number), bits, 8);
    return `${octets.join('.')}/${String(bits)}`;
  }
  const groups = masked(groupsOf(canonical(address)), bits, 16).map((group) => group.toString(16));
  return `${canonical(groups.join(':'))}/${String(bits)}`;
}

/** @param width bits of each part */
function masked(parts: readonly number[], bits: number, width: number): number[] {
  return parts.map((part, at) => {
    const kept = Math.min(Math.max(bits - at * width, 0), width);
    return part & ~((1 << (width - kept)) - 1);
  });
}

/** RFC 5952, without brackets: as a URL writes its host. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const read = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [read(head), read(tail ?? '')];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}
