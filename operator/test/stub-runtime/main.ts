/** A stand-in for the runtime in the tests of local mode: reads the document, answers probes and the admin socket, drains. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { hashRoutingState, parseRoutingState } from '@teams-sbc/crds/runtime';

const text = { type: 'string' } as const;
const names = ['pod-name', 'bind-address', 'state-directory', 'secrets-directory', 'trust-directory'] as const;
const others = [
  'hosts-file',
  'relay',
  'http-port',
  'admin-socket',
  'journal-directory',
  'longest-drain-seconds',
] as const;
const { values } = parseArgs({ options: Object.fromEntries([...names, ...others].map((name) => [name, text])) });
const value = (name: (typeof names | typeof others)[number]) => {
  const found = values[name];
  return typeof found === 'string' ? found : '';
};

function document() {
  const parsed = parseRoutingState(readFileSync(`${value('state-directory')}/routing-state.json`, 'utf8'));
  if (!parsed.ok) throw new Error('the document is not valid');
  return parsed.state;
}

const state = document();
for (const { secret } of state.certificates) readFileSync(`${value('secrets-directory')}/${secret}/tls.key`);
if (readFileSync(value('hosts-file'), 'utf8').includes('crash.example.com')) {
  console.error('Cannot start: told to crash');
  process.exit(1);
}
console.error(`environment ${createHash('sha256').update(String(process.env['POD_IP'])).digest('hex').slice(0, 8)}`);

const admin = createServer((request, response) => {
  if (request.url === '/status') {
    const calls = { active: 0 };
    const hash = hashRoutingState(document());
    response.end(
      JSON.stringify({
        version: 'stub',
        pod: value('pod-name'),
        hash,
        draining: false,
        calls,
        trunks: [],
        certificates: [],
      }),
    );
  } else {
    response.writeHead(request.url === '/ladder' ? 200 : 404).end(`ladder of ${value('pod-name')}\n`);
  }
});
if (existsSync(value('admin-socket'))) rmSync(value('admin-socket'));
admin.listen(value('admin-socket'));
createServer((_request, response) => response.end('ok')).listen(Number(value('http-port')), value('bind-address'));
process.on('SIGTERM', () => {
  console.error('drained');
  process.exit(0);
});
