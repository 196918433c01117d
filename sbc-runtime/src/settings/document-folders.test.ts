import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { documentVersion, type PbxTrunkState, type RoutingState } from '@teams-sbc/crds/runtime';
import { loadDocument } from './document-files.ts';
import { foldersOfDocument } from './document-folders.ts';

const tls = { certificate: 'sbc', trustBundle: 'own', peerNames: ['pbx.example.com'] };
const pbx: PbxTrunkState = {
  ...{ kind: 'PbxTrunk', name: 'pbx', listener: 'pbx', protocol: 'TLS', tls, auth: { secret: 'both' } },
  peers: [{ name: 'a', host: '10.0.0.2' }],
  allowCIDRs: ['10.0.0.2/32'],
  options: { periodSeconds: 0 },
  ...{ codecs: [], srtp: 'Required' },
};
const state: RoutingState = {
  version: documentVersion,
  instance: { namespace: 'voice', name: 'sbc' },
  pods: [{ name: 'sbc-0', ordinal: 0, fqdn: 'sbc-0.example.com' }],
  listeners: [{ name: 'pbx', serves: 'PbxTrunk', protocol: 'TLS', port: 5061 }],
  certificates: [{ name: 'sbc', secret: 'both' }],
  trustBundles: [{ name: 'own', source: { kind: 'ConfigMap', name: 'roots', key: 'a.pem' } }],
  trunks: [pbx],
  routes: [],
  media: { engine: 'None' },
  limits: { maxCalls: 1, maxCallsPerSecond: 1 },
  calls: { ringTimeoutSeconds: 1 },
  drain: { timeoutSeconds: 0 },
  logLevel: 'Info',
};

test('what is written from a loaded document is the same document when it is read', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sbc-folders-'));
  t.after(() => rmSync(root, { recursive: true }));
  const directories = (place: string) => ({
    ...{ state: join(root, place, 'state'), secrets: join(root, place, 'secrets'), trust: join(root, place, 'trust') },
    microsoftRoots: join(root, 'none'),
  });
  const write = (path: string, text: string | Buffer) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('a/state/routing-state.json', JSON.stringify(state, undefined, 2));
  const secret = { 'tls.crt': 'chain', 'tls.key': 'key', username: 'us\xe9r\n', password: 'p', realm: 'r' };
  for (const [name, text] of Object.entries(secret)) write(`a/secrets/both/${name}`, Buffer.from(text, 'latin1'));
  write('a/trust/own/ca.crt', 'roots');
  const first = loadDocument(directories('a'));
  assert.ok(first.ok, JSON.stringify(first));
  for (const { below, name, files } of foldersOfDocument(first.document))
    for (const [file, content] of files) write(join('b', below, name, file), content);
  const again = loadDocument(directories('b'));
  assert.deepEqual(again, first);
});
