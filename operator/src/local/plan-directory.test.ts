import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificate, key, otherKey } from '../../test/certificates.ts';
import { referenceProblems } from './check-references.ts';
import { problemText } from './local-problem.ts';
import { planDirectory } from './plan-directory.ts';

const sbc = `apiVersion: teams-sbc.dev/v1alpha1
kind: SbcInstance
metadata: { name: sbc }
spec:
  domain: voice.example.com
  tls: { secretRef: { name: sbc-tls } }
  network:
    addresses: [{ address: 127.0.0.10 }]
`;
const teams = `apiVersion: teams-sbc.dev/v1alpha1
kind: TeamsTrunk
metadata: { name: teams }
spec:
  sbcRef: { name: sbc }
`;
const pbx = `apiVersion: teams-sbc.dev/v1alpha1
kind: PbxTrunk
metadata: { name: pbx }
spec:
  sbcRef: { name: sbc }
  peers:
    - { name: a, host: 10.20.0.10 }
`;
const indented = (pem: string) => pem.trimEnd().replaceAll('\n', '\n    ');
const secret = (crt = certificate, keyText = key) => `apiVersion: v1
kind: Secret
metadata: { name: sbc-tls }
type: kubernetes.io/tls
stringData:
  tls.crt: |
    ${indented(crt)}
  tls.key: |
    ${indented(keyText)}
`;
const login = (stringData: string) => `apiVersion: v1
kind: Secret
metadata: { name: pbx-login }
type: kubernetes.io/basic-auth
stringData: ${stringData}
`;
const file = (text: string, path = 'sbc.yaml') => ({ path, text });
const good = [sbc, teams, pbx, secret()];
const wallMs = Date.UTC(2030, 0, 1);

/** As `sbc local` looks at it, ports and programs aside. */
function problemsOf(documents: readonly string[], nowMs = wallMs): string[] {
  const plan = planDirectory([file(documents.join('---\n'))]);
  const problems =
    plan.problems.length > 0
      ? plan.problems
      : referenceProblems(plan.resources, plan.instances, { directory: 'lab', wallMs: nowMs });
  return problems.map(problemText);
}

const cases: Record<string, readonly [readonly string[], readonly string[]]> = {
  'a good directory has no problems': [good, []],
  'a field that is wrong is told with file and line, what was found and what is allowed': [
    [sbc.replace('127.0.0.10', 'localhost'), teams, pbx, secret()],
    [
      'sbc.yaml:8: SbcInstance/sbc spec.network.addresses[0].address: found "localhost", allowed an IPv4 or IPv6 address, such as 203.0.113.7',
    ],
  ],
  'the line is counted through all documents of a file': [
    [sbc, teams, pbx.replace('10.20.0.10 }', '10.20.0.10, port: 0 }'), secret()],
    ['sbc.yaml:22: PbxTrunk/pbx spec.peers[0].port: found 0, allowed a whole number from 1 to 65535'],
  ],
  'a trunk without its instance is told which there are': [
    [sbc, teams.replace('name: sbc }', 'name: sbx }'), pbx, secret()],
    [
      'sbc.yaml:14: TeamsTrunk/teams spec.sbcRef.name: found sbx, allowed the name of an SbcInstance in namespace default (sbc)',
    ],
  ],
  'a trunk that a cluster would leave out is a problem here': [
    [sbc, teams, pbx.replace('sbcRef', 'transport: TCP\n  sbcRef'), secret()],
    [
      'sbc.yaml:20: PbxTrunk/pbx spec.transport: found no listener for PbxTrunk over TCP in SbcInstance/sbc, add {kind: PbxTrunk, transport: TCP} to its spec.listeners',
    ],
  ],
  'an object that stands twice is told with both places': [
    [sbc, teams, pbx, secret(), teams],
    ['sbc.yaml:51: TeamsTrunk/teams metadata.name: found a second time, allowed once: it stands in sbc.yaml:12 too'],
  ],
  'an issuer is answered with how to bring a Secret': [
    [sbc.replace('secretRef: { name: sbc-tls }', 'issuerRef: { name: letsencrypt }'), teams, pbx],
    [
      "sbc.yaml:6: SbcInstance/sbc spec.tls.issuerRef: cert-manager needs a cluster: set tls.secretRef.name to sbc-tls and bring that Secret with 'kubectl create secret tls sbc-tls --cert=fullchain.pem --key=privkey.pem --dry-run=client -o yaml > lab/sbc-tls.yaml'",
    ],
  ],
  'a Secret that is missing is answered with how to bring it': [
    [sbc, teams, pbx],
    [
      "sbc.yaml:6: SbcInstance/sbc spec.tls.secretRef.name: found sbc-tls, but no Secret of that name in namespace default: bring it with 'kubectl create secret tls sbc-tls --cert=fullchain.pem --key=privkey.pem --dry-run=client -o yaml > lab/sbc-tls.yaml'",
    ],
  ],
  'the key of another certificate is found': [
    [sbc, teams, pbx, secret(certificate, otherKey)],
    [
      'sbc.yaml:42: Secret/sbc-tls stringData.tls.key: found the key of another certificate, allowed the key of tls.crt',
    ],
  ],
  'a certificate must cover every FQDN, and a wildcard covers one label': [
    [sbc, teams.replace('sbcRef', 'subdomain: customer1\n  sbcRef'), pbx, secret()],
    [
      'sbc.yaml:30: Secret/sbc-tls stringData.tls.crt: found DNS:*.voice.example.com, DNS:sbc.customer.example, allowed a certificate that covers customer1.sbc-0.voice.example.com too',
    ],
  ],
  'trust roots that are not in the directory are named': [
    [sbc, `${teams}  tls: { trust: { caBundleRef: { kind: ConfigMap, name: lab-ca, key: ca.crt } } }\n`, pbx, secret()],
    [
      'sbc.yaml:15: TeamsTrunk/teams spec.tls.trust.caBundleRef.name: found lab-ca, but no ConfigMap of that name in namespace default: add it to the directory',
    ],
  ],
  'a login that is not in the directory is answered with how to bring it': [
    [sbc, teams, `${pbx}  auth: { secretRef: { name: pbx-login } }\n`, secret()],
    [
      "sbc.yaml:23: PbxTrunk/pbx spec.auth.secretRef.name: found pbx-login, but no Secret of that name in namespace default: bring it with 'kubectl create secret generic pbx-login --type=kubernetes.io/basic-auth --from-literal=username=<user> --from-literal=password=<password> --dry-run=client -o yaml > lab/pbx-login.yaml'",
    ],
  ],
  'a login without a password says which keys there are, and no value': [
    [sbc, teams, `${pbx}  auth: { secretRef: { name: pbx-login } }\n`, secret(), login('{ username: me, pass: word }')],
    [
      'sbc.yaml:23: PbxTrunk/pbx spec.auth.secretRef.name: found pbx-login, but Secret/pbx-login has no password: it has username, pass',
    ],
  ],
  'a login with both is fine, and may be empty in neither': [
    [
      sbc,
      teams,
      `${pbx}  auth: { secretRef: { name: pbx-login } }\n`,
      secret(),
      login("{ username: '', password: word }"),
    ],
    [
      'sbc.yaml:23: PbxTrunk/pbx spec.auth.secretRef.name: found pbx-login, but Secret/pbx-login has no username: it has username, password',
    ],
  ],
  'an instance needs an address of this machine': [
    [sbc.replace(/ {2}network:[^]*$/, ''), teams, pbx, secret()],
    [
      'sbc.yaml:4: SbcInstance/sbc spec.network.addresses: found none, allowed one here: no cluster gives a pod its address, write {address: 127.0.0.10} or {address: <public>, bindAddress: <of this machine>}',
    ],
  ],
  'a directory without an instance says what it looked for': [
    [teams.replace(/^[^]*$/, 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n')],
    ['found no SbcInstance in 1 files (*.yaml, *.yml, *.json), allowed at least one'],
  ],
  'a data value that is not base64 is never printed': [
    [sbc, teams, pbx, 'apiVersion: v1\nkind: Secret\nmetadata: { name: sbc-tls }\ndata:\n  tls.key: my-own-secret!\n'],
    [
      'sbc.yaml:28: Secret/sbc-tls data.tls.key: found text that is not base64, allowed base64; plain text belongs under stringData',
    ],
  ],
};

for (const [name, [documents, expected]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(problemsOf(documents), expected));
}

test('a certificate that has expired is told with its last day', () => {
  assert.match(
    problemsOf(good, Date.UTC(2100, 0, 1)).join(),
    /found a certificate that expired on 2095-05-05, allowed one that is valid now/,
  );
});

test('text that is not YAML is told with its line', () => {
  const { problems } = planDirectory([file('kind: [\n', 'broken.yaml')]);
  assert.equal(problems[0]?.file, 'broken.yaml');
  assert.ok(problems[0].line !== undefined);
});

test('a slip in the YAML is told once, not with all that the parser makes of the rest', () => {
  const { problems } = planDirectory([file('kind: X\nspec: [\n  a: b\n  c:\n    - d\nend: 1\n', 'broken.yaml')]);
  assert.equal(problems.length, 1);
});

test('an alias bomb is refused and not unfolded', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) =>
      `l${String(level + 1)}: &l${String(level + 1)} [${Array(9)
        .fill(`*l${String(level)}`)
        .join(', ')}]`,
  );
  const { problems } = planDirectory([file(`l0: &l0 [x]\n${levels.join('\n')}\n`)]);
  assert.match(problems.map(({ message }) => message).join(), /alias/i);
});

test('JSON is read like YAML', () => {
  const json = JSON.stringify({
    apiVersion: 'teams-sbc.dev/v1alpha1',
    kind: 'SbcInstance',
    metadata: { name: 'sbc' },
    spec: { domain: 'voice.example.com', tls: { secretRef: { name: 'sbc-tls' } } },
  });
  assert.deepEqual(
    planDirectory([file(json, 'sbc.json')]).instances.map(({ instance }) => instance.name),
    ['sbc'],
  );
});

test('other kinds are skipped and named', () => {
  const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n';
  const { notes, problems } = planDirectory([file([...good, service].join('---\n'))]);
  assert.deepEqual(problems, []);
  assert.deepEqual(notes, ['skipped Service/web in sbc.yaml: local mode has no use for v1 Service']);
});

test('a misspelt kind of ours is a problem, not skipped', () => {
  assert.match(
    problemsOf([sbc, teams.replace('TeamsTrunk', 'TeamTrunk'), pbx, secret()]).join(),
    /kind: found "TeamTrunk"/,
  );
});

test('two instances share a directory, each with its own trunks', () => {
  const other = (text: string) => text.replace('metadata: { name: ', 'metadata: { namespace: lab, name: ');
  const { instances } = planDirectory([file([...good, ...good.map(other)].join('---\n'))]);
  assert.deepEqual(
    instances.map(({ instance, state }) => [instance.namespace, state.trunks.length]),
    [
      ['default', 2],
      ['lab', 2],
    ],
  );
});
