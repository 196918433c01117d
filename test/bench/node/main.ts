/** `make bench-node`. `--calls` makes it smaller or larger, `--page` writes docs/performance-cluster.md, `--last` takes the figures of the last run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository } from '../../cluster/kit/binaries.ts';
import { newestOfEach } from './events.ts';
import { measure, type Figures } from './measure.ts';
import { clusterPage } from './page.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100' },
    page: { type: 'boolean', default: false },
    last: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const results = join(repository, 'work/bench/node');
const file = join(results, 'figures.json');
const figures = values.last
  ? (JSON.parse(readFileSync(file, 'utf8')) as Figures)
  : await measure(Number(values.calls), say);
const page = clusterPage(figures, newestOfEach(join(repository, 'work/node-figures.jsonl')));
say(page);
mkdirSync(results, { recursive: true });
writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
if (values.page) writeFileSync(join(repository, 'docs/performance-cluster.md'), page);
