import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { ProcessKubelet } from './process-kubelet.ts';
import { until } from './until.ts';

let cluster: ControlPlane;
let kubelet: ProcessKubelet;
before(async () => {
  cluster = await startControlPlane({ name: 'process-kubelet', crds: false });
  kubelet = await ProcessKubelet.start(cluster, { refreshMs: 200 });
});
after(() => cluster.stop());

/** Serves its mounted file, its address and what its token may read; says when it starts and ends. */
const program = `
  const http = require('node:http'), https = require('node:https'), fs = require('node:fs');
  const account = '/var/run/secrets/kubernetes.io/serviceaccount/';
  console.log('main starts');
  const server = http.createServer((request, response) => {
    if (request.url === '/word') return response.end(fs.readFileSync('/etc/word/word'));
    if (request.url === '/ready') return response.end();
    const ca = fs.readFileSync(account + 'ca.crt'), token = fs.readFileSync(account + 'token');
    const path = '/api/v1/namespaces/' + fs.readFileSync(account + 'namespace') + request.url;
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
    https.get({ host, port, path, ca, headers: { authorization: 'Bearer ' + token } }, (answer) => response.end(String(answer.statusCode)));
  });
  server.listen(8080, process.env.POD_IP);
  process.on('SIGTERM', () => setTimeout(() => { console.log('main ends'); process.exit(0); }, 300));
`;
const sidecar = `
  setTimeout(() => { console.log('sidecar serves'); require('node:net').createServer().listen(9000, process.env.POD_IP); }, 300);
  process.on('SIGTERM', () => { console.log('sidecar ends'); process.exit(0); });
`;

function statefulSet() {
  const address = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };
  const run = (text: string) => ({
    image: 'none',
    command: [process.execPath, '-e', `${text}//$(POD_IP)`],
    env: [address],
  });
  const token = [
    { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
  ];
  const labels = { app: 'word' };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'word', namespace: 'default' },
    spec: {
      replicas: 1,
      serviceName: 'word',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 10,
          automountServiceAccountToken: false,
          initContainers: [
            {
              name: 'sidecar',
              restartPolicy: 'Always',
              ...run(sidecar),
              startupProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
            },
          ],
          containers: [
            {
              name: 'main',
              ...run(program),
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1 },
              volumeMounts: [
                { name: 'word', mountPath: '/etc/word' },
                { name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
              ],
            },
          ],
          volumes: [
            { name: 'word', configMap: { name: 'word' } },
            { name: 'token', projected: { sources: token } },
          ],
        },
      },
    },
  };
}

const word = (text: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'word', namespace: 'default' },
  data: { word: text },
});

async function ask(path: string): Promise<string> {
  const { podIP } = kubelet.pod('default', 'word-0').place;
  return (await fetch(`http://${podIP}:8080${path}`)).text();
}

const isReady = () => cluster.kubectl('wait', '--for=condition=Ready', '--timeout=20s', 'pod/word-0');

test('A StatefulSet runs: sidecar first, mounts in their places, a token of its own, ready by its probe', async () => {
  await cluster.apply([statefulSet()]);
  await until(async () => (await cluster.kubectl('get', 'pods')).includes('word-0'), { what: 'the pod' });
  await cluster.apply([word('first')]);
  await isReady();
  assert.equal(await ask('/word'), 'first');
  assert.equal(await ask('/configmaps/word'), '403');
});

test('A changed ConfigMap reaches the running container', async () => {
  await cluster.apply([word('second')]);
  await until(async () => (await ask('/word')) === 'second', { what: 'the new word' });
});

test('A container that dies is started again, and the pod says so', async () => {
  kubelet.pod('default', 'word-0').container('main').kill('SIGKILL');
  const restarts = ['get', 'pod', 'word-0', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'];
  await until(async () => (await cluster.kubectl(...restarts)) === '1', { what: 'the restart' });
  await isReady();
});

test('A pod outlives an API server that is away', async () => {
  const { pid } = kubelet.pod('default', 'word-0').container('main');
  await cluster.apiServer.restart();
  assert.equal(await ask('/word'), 'second');
  await cluster.apply([word('third')]);
  await until(async () => (await ask('/word')) === 'third', { what: 'the third word' });
  assert.equal(kubelet.pod('default', 'word-0').container('main').pid, pid);
});

test('A deleted pod drains, its sidecar ends last, and the next one takes its name', async () => {
  const { uid } = kubelet.pod('default', 'word-0').pod.metadata;
  await cluster.kubectl('delete', 'pod', 'word-0');
  const log = (container: string) => readFileSync(join(cluster.logs, `word-0-${container}.log`), 'utf8');
  assert.match(log('main'), /main starts\nmain starts\nmain ends\n/);
  assert.match(log('sidecar'), /sidecar serves\nsidecar ends\n/);
  // The API server was away: a watch of the controller manager tries again after up to 50 s.
  await until(async () => (await cluster.kubectl('get', 'pods')).includes('word-0'), {
    what: 'the next pod',
    withinMs: 90_000,
  });
  await isReady();
  assert.notEqual(kubelet.pod('default', 'word-0').pod.metadata.uid, uid);
});

test('a pod of an image that no program stands for says so, and others run on', async () => {
  const metadata = { name: 'unknown', namespace: 'default' };
  const spec = { containers: [{ name: 'main', image: 'registry.example.com/unknown:1' }] };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec }]);
  const said = await until(
    async () => {
      const { body } = await cluster.api.get('/api/v1/namespaces/default/pods/unknown');
      const conditions = (body.status.conditions ?? []) as { type: string; message?: string }[];
      return conditions.find(({ type, message }) => type === 'Ready' && message !== undefined)?.message;
    },
    { what: 'the pod to say why it does not start' },
  );
  assert.equal(said, 'Cannot run image registry.example.com/unknown:1: no program stands for it');
  await cluster.kubectl('delete', 'pod', 'unknown');
});
