/** Looks for secrets in everything that is not meant to hold one: every object of the cluster but Secrets, and every container's log. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Said } from '../../cluster/kit/api-client.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';

export interface Needle {
  /** What it is, for whoever reads where it was found: it never says the secret itself. */
  readonly what: string;
  readonly text: string;
}

/** What is told, by the place that tells it. */
export type Told = ReadonlyMap<string, string>;

/** What a needle must have to be one of a kind. */
const MIN_LENGTH = 8;
/** Of a long text in base64: a stretch from its middle, for its beginning is the same for all of its kind. */
const STRETCH = 60;

/** As it stands, and as a Secret of the API shows it. */
export function needlesOf(what: string, text: string): Needle[] {
  const coded = Buffer.from(text).toString('base64');
  return [
    ...linesOf(text).map((line) => ({ what, text: line })),
    { what: `${what}, in base64`, text: coded.length <= STRETCH ? coded.replaceAll('=', '') : middleOf(coded) },
  ];
}

/** `what in place`, sorted; empty: nothing was found. */
export function found(needles: readonly Needle[], told: Told): string[] {
  for (const { what, text } of needles)
    if (text.length < MIN_LENGTH)
      throw new RangeError(`Cannot look for ${what}: it is too short to be told from others`);
  const hits = new Set<string>();
  for (const [place, text] of told)
    for (const needle of needles) if (text.includes(needle.text)) hits.add(`${needle.what} in ${place}`);
  return [...hits].toSorted();
}

/** Every object of every kind that can be listed, Secrets apart, with what its managers wrote. */
export async function toldByObjects(cluster: ControlPlane): Promise<Map<string, string>> {
  const names = await cluster.kubectl('api-resources', '--verbs=list', '--output=name');
  const kinds = names.split('\n').filter((name) => name !== '' && name !== 'secrets');
  const list = await cluster.kubectl(
    'get',
    kinds.join(','),
    '--all-namespaces',
    '--show-managed-fields',
    '--output=json',
  );
  const told = new Map<string, string>();
  for (const object of JSON.parse(list).items as Said[]) {
    const { namespace = '', name } = object.metadata;
    told.set(`${object.kind as string} ${namespace as string}/${name as string}`, JSON.stringify(object));
  }
  return told;
}

/** Logs of all containers that ever ran on that node. */
export function toldByLogs(cluster: ControlPlane, node: string): Map<string, string> {
  const directory = join(cluster.logs, `${node}-pods`);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const told = new Map<string, string>();
  for (const name of files) {
    const file = join(directory, name);
    if (statSync(file).isFile()) told.set(`log ${name}`, readFileSync(file, 'utf8'));
  }
  return told;
}

/** PEM: the lines between its first and its last; the last of those may be too short to be its own. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  return lines.length === 1 ? lines : lines.filter((line) => line.length >= MIN_LENGTH);
}

function middleOf(coded: string): string {
  const start = Math.floor((coded.length - STRETCH) / 2);
  return coded.slice(start, start + STRETCH);
}
