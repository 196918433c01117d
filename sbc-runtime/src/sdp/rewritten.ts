/** A description with other ports or directions in its sections; every other line stays as it was. Pure. */
import { isDirection, type Direction, type MediaSection, type Sdp } from './description.ts';

export interface SectionChange {
  readonly port?: number;
  readonly direction?: Direction;
}

/** `changes` stand beside the sections. Unspecified addresses take the family of the o= line: one of another would move the relay's port. */
export function rewritten(sdp: Sdp, changes: readonly SectionChange[]): string {
  const family = sdp.origin.address.includes(':') ? 'IP6 ::' : 'IP4 0.0.0.0';
  const plain = (line: string) =>
    line.startsWith('c=') && isUnspecified(line.split(' ')[2]?.split('/')[0]) ? `c=IN ${family}` : line;
  const lines = sdp.lines.slice(0, sdp.media[0]?.firstLine ?? sdp.lines.length).map(plain);
  sdp.media.forEach((section, index) => {
    const own = sdp.lines.slice(section.firstLine, section.endLine).map(plain);
    lines.push(...sectionLines(own, section, changes[index] ?? {}));
  });
  return `${lines.join('\r\n')}\r\n`;
}

function sectionLines(own: readonly string[], section: MediaSection, { port, direction }: SectionChange): string[] {
  const [head = '', ...rest] = own;
  const media = port === undefined ? head : `m=${section.kind} ${port} ${section.profile} ${section.formats.join(' ')}`;
  if (direction === undefined || direction === section.direction) return [media, ...rest];
  const others = rest.filter((line) => !(line.startsWith('a=') && isDirection(line.slice(2))));
  return [media, ...others, `a=${direction}`];
}

export function isUnspecified(address: string | undefined): boolean {
  return address === '0.0.0.0' || address === '::' || address === '0:0:0:0:0:0:0:0';
}
