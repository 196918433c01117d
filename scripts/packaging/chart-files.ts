/** The generated files of the Helm chart: values, their schema, its README and the CustomResourceDefinitions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { customResourceDefinitions } from '../../crds/generate/custom-resource-definitions.ts';
import { chartValues } from './chart-values.ts';

const chart = 'charts/teams-sbc';
const source = '`make generate` from scripts/packaging/chart-values.ts';

interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Path below the repository's root → content. */
export function chartFiles(): ReadonlyMap<string, string> {
  const schema = z.toJSONSchema(chartValues, { io: 'input', target: 'draft-7' }) as Node;
  const defaults: unknown = chartValues.parse({});
  const crds = [...customResourceDefinitions()]
    .filter(([path]) => path.startsWith('crds/generated/teams-sbc.dev_'))
    .map(([path, content]): [string, string] => [path.replace('crds/generated/', `${chart}/files/crds/`), content]);
  return new Map([
    [`${chart}/values.yaml`, `# Written by ${source}. Do not edit.\n${valuesYaml(schema, defaults, '')}`],
    [`${chart}/values.schema.json`, `${JSON.stringify({ ...schema, title: 'Values of teams-sbc' }, null, 2)}\n`],
    [`${chart}/README.md`, readme(schema, defaults)],
    [`${chart}/Chart.yaml`, chartYaml()],
    ...crds,
  ]);
}

function version(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function chartYaml(): string {
  return `# Written by \`make generate\` from scripts/packaging/chart-files.ts. Do not edit.\n${stringify({
    apiVersion: 'v2',
    name: 'teams-sbc',
    description: 'Microsoft Teams Direct Routing on Kubernetes: the operator and its CustomResourceDefinitions',
    type: 'application',
    version: version(),
    appVersion: version(),
    // Native sidecars are on by default since 1.29.
    kubeVersion: '>=1.29.0-0',
    keywords: ['sip', 'sbc', 'teams', 'direct-routing', 'rtpengine'],
    annotations: {
      'artifacthub.io/license': 'MIT',
      'artifacthub.io/category': 'networking',
      'artifacthub.io/operator': 'true',
      'artifacthub.io/operatorCapabilities': 'Seamless Upgrades',
    },
  })}`;
}

const at = (value: unknown, key: string): unknown => (value as Record<string, unknown>)[key];

function valuesYaml(node: Node, value: unknown, indent: string): string {
  return Object.entries(node.properties ?? {})
    .map(([key, child]) => {
      const comment = `${indent}# ${child.description ?? ''}\n`;
      const own = at(value, key);
      if (child.properties !== undefined) return `${comment}${indent}${key}:\n${valuesYaml(child, own, `${indent}  `)}`;
      return `${comment}${indent}${entry(key, own).replaceAll('\n', `\n${indent}`)}\n`;
    })
    .join('');
}

function entry(key: string, value: unknown): string {
  return stringify({ [key]: value }, { lineWidth: 0, defaultStringType: 'PLAIN', compat: 'yaml-1.1' }).trimEnd();
}

interface Row {
  readonly path: string;
  readonly description: string;
  readonly value: unknown;
}

function rows(node: Node, value: unknown, prefix: string): Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`;
    if (child.properties !== undefined) return rows(child, at(value, key), `${path}.`);
    return [{ path, description: child.description ?? '', value: at(value, key) }];
  });
}

function readme(schema: Node, defaults: unknown): string {
  const table = rows(schema, defaults, '')
    .map(({ path, description, value }) => `| \`${path}\` | \`${JSON.stringify(value)}\` | ${description} |`)
    .join('\n');
  return `<!-- Written by ${source} and chart-files.ts. Do not edit. -->
# teams-sbc

Installs the operator of teams-sbc and its CustomResourceDefinitions. Kubernetes 1.29 or newer; cert-manager where certificates are to be issued.

    helm install teams-sbc charts/teams-sbc --namespace teams-sbc-system --create-namespace
    kubectl apply -f config/samples/minimal.yaml
    kubectl get sbc

Upgrade and rollback are plain \`helm upgrade\` and \`helm rollback\`: the chart has no hooks but its test, and the CustomResourceDefinitions are upgraded with it.
Calls do not depend on the operator: they go on while it is upgraded, rolled back or away.

\`helm uninstall\` keeps the CustomResourceDefinitions and with them every SbcInstance, trunk and running pod (\`crds.keep\`). To remove all of it, delete the objects first
(\`kubectl delete sbcinstances,teamstrunks,pbxtrunks,callroutes,numberpolicies --all --all-namespaces\`), uninstall the chart, and then delete the definitions.

To give the operator rights in some namespaces only, list them in \`watchNamespaces\`; of the whole cluster it then reads Nodes alone.

\`helm test teams-sbc --namespace teams-sbc-system\` shows whether calls work in this cluster. Its pod makes an SBC of its own, plays Teams and a PBX, and calls both
ways with sound: nothing of it reaches Microsoft. It says in its log, a line each step, what works and what to do about what does not, and deletes what it made.
The pod itself stays for its log until the next test. With \`watchNamespaces\`, set \`callTest.namespace\` to one of them. Pod Security \`restricted\` is enough.

## Values

| value | default | means |
|---|---|---|
${table}
`;
}
