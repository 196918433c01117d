/** The arguments of the operator in a cluster. Pure. */
import { parseArgs } from 'node:util';
import type { LogLevel } from '../frame/json-log.ts';

export interface OperatorArguments {
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  /** Absent: no election, this process always leads. */
  readonly leaderElectionNamespace: string | undefined;
  readonly healthPort: number;
  readonly imageRuntime: string | undefined;
  readonly imageRtpengine: string | undefined;
  readonly logLevel: LogLevel;
  readonly workers: number;
  readonly recheckSeconds: number;
  readonly reportSeconds: number;
}

export type ParsedArguments =
  | { readonly kind: 'Run'; readonly arguments: OperatorArguments }
  | { readonly kind: 'Help' }
  /** One line. */
  | { readonly kind: 'Wrong'; readonly message: string };

export const operatorHelp = `teams-sbc operator: keeps SbcInstances in a cluster as their manifests say

  --namespace NAME                  a namespace to look after; may be given several times, or as a list with commas (default: all)
  --leader-election-namespace NAME  where the Lease is; of several operators one acts (default: no election)
  --health-port PORT                /livez, /readyz and /metrics (default: 8081; 0: any free port)
  --image-runtime IMAGE             where an SbcInstance names none (default: that of this release)
  --image-rtpengine IMAGE           the same for RTPEngine
  --log-level LEVEL                 error, warn, info or debug (default: info)
  --recheck-seconds NUMBER          between two looks at a Secret or ConfigMap that a manifest names, 1 to 3600 (default: 30)
  --report-seconds NUMBER           between two questions to a pod how its far ends are, 1 to 3600 (default: 10)
  --workers NUMBER                  objects of a kind that are worked on at once, 1 to 64 (default: 4)

The API server is that of the pod's ServiceAccount, or of KUBECONFIG.
`;

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];
const namespacePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

export function parseArguments(argv: readonly string[]): ParsedArguments {
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    if (values.help === true) return { kind: 'Help' };
    const namespaces = [...new Set((values.namespace ?? []).flatMap((text) => text.split(',')))].filter(isGiven);
    const wrong = [...namespaces, values['leader-election-namespace'] ?? 'default'].find((name) => !isNamespace(name));
    if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no name of a namespace`);
    const logLevel = levels.find((level) => level === values['log-level'].toLowerCase());
    if (logLevel === undefined)
      throw new Error(`--log-level: found ${values['log-level']}, allowed ${levels.join(', ')}`);
    return {
      kind: 'Run',
      arguments: {
        namespaces,
        leaderElectionNamespace: values['leader-election-namespace'],
        healthPort: wholeNumber('--health-port', values['health-port'], 0, 65_535),
        imageRuntime: values['image-runtime'],
        imageRtpengine: values['image-rtpengine'],
        logLevel,
        workers: wholeNumber('--workers', values.workers, 1, 64),
        recheckSeconds: wholeNumber('--recheck-seconds', values['recheck-seconds'], 1, 3600),
        reportSeconds: wholeNumber('--report-seconds', values['report-seconds'], 1, 3600),
      },
    };
  } catch (error) {
    return { kind: 'Wrong', message: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}

const options = {
  namespace: { type: 'string', multiple: true },
  'leader-election-namespace': { type: 'string' },
  'health-port': { type: 'string', default: '8081' },
  'image-runtime': { type: 'string' },
  'image-rtpengine': { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  workers: { type: 'string', default: '4' },
  'recheck-seconds': { type: 'string', default: '30' },
  'report-seconds': { type: 'string', default: '10' },
  help: { type: 'boolean' },
} as const;

const isGiven = (text: string) => text !== '';
const isNamespace = (name: string) => name.length <= 63 && namespacePattern.test(name);

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${name}: found ${text}, allowed ${String(least)} to ${String(most)}`);
}
