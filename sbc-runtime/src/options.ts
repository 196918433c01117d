/** The arguments of the runtime, as the planned pod template gives them. */
import { parseArgs } from 'node:util';

export interface RuntimeOptions {
  readonly podName: string;
  readonly bindAddress: string;
  readonly stateDirectory: string;
  readonly secretsDirectory: string;
  readonly trustDirectory: string;
  readonly hostsFile: string;
  /** `address:port` of RTPEngine's ng control; ignored where `media.engine` is None. */
  readonly relay: { readonly host: string; readonly port: number };
  readonly httpPort: number;
  readonly adminSocket: string;
  /** A drain never takes longer, whatever a later document says: the pod was made for this. @default no bound */
  readonly longestDrainSeconds: number;
  /** Where established calls are kept for a process that is started after this one. Undefined: a crash takes them along. */
  readonly journalDirectory?: string;
  /** Where the routing state comes from the API server into the three directories. Undefined: somebody else writes them. */
  readonly mirror?: MirrorOptions;
  /** `/status` over TLS. Undefined: the admin socket alone tells. */
  readonly status?: { readonly port: number; readonly directory: string };
}

export interface MirrorOptions {
  readonly namespace: string;
  /** Name of the SbcInstance. */
  readonly instance: string;
  /** `https://host:port`; undefined: as the pod's environment says. */
  readonly api: string | undefined;
  /** Folder with `ca.crt` and `token`. */
  readonly credentials: string;
  /** Folders that the kubelet keeps for a start without the API server. */
  readonly mounted: { readonly state: string | undefined; readonly secrets: string | undefined };
}

export type OptionsResult =
  { readonly ok: true; readonly options: RuntimeOptions } | { readonly ok: false; readonly problem: string };

const flags = {
  'pod-name': { type: 'string' },
  'bind-address': { type: 'string' },
  'state-directory': { type: 'string' },
  'secrets-directory': { type: 'string' },
  'trust-directory': { type: 'string' },
  'hosts-file': { type: 'string', default: '/etc/hosts' },
  relay: { type: 'string', default: '127.0.0.1:2223' },
  'http-port': { type: 'string', default: '8080' },
  'admin-socket': { type: 'string' },
  'journal-directory': { type: 'string' },
  'longest-drain-seconds': { type: 'string' },
  'mirror-namespace': { type: 'string' },
  'mirror-instance': { type: 'string' },
  'mounted-state-directory': { type: 'string' },
  'mounted-secrets-directory': { type: 'string' },
  'kubernetes-api': { type: 'string' },
  'kubernetes-credentials': { type: 'string', default: '/var/run/secrets/kubernetes.io/serviceaccount' },
  'status-port': { type: 'string', default: '8443' },
  'status-directory': { type: 'string' },
} as const;

function read(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: flags }).values;
}

type Values = ReturnType<typeof read>;

export function runtimeOptions(argv: readonly string[]): OptionsResult {
  let values: Values;
  try {
    values = read(argv);
  } catch (error) {
    return { ok: false, problem: `Cannot read the arguments: ${(error as Error).message}` };
  }
  const missing = (
    ['pod-name', 'bind-address', 'state-directory', 'secrets-directory', 'trust-directory', 'admin-socket'] as const
  ).filter((flag) => values[flag] === undefined);
  if (missing.length > 0)
    return { ok: false, problem: `Cannot start: missing ${missing.map((flag) => `--${flag}`).join(', ')}` };
  const relay = hostAndPort(values.relay);
  const httpPort = portOf(values['http-port']);
  if (!relay) return { ok: false, problem: `Cannot start: --relay is ${values.relay}, write ADDRESS:PORT` };
  if (httpPort === undefined)
    return { ok: false, problem: `Cannot start: --http-port is ${values['http-port']}, write a port from 1 to 65535` };
  const longestDrainSeconds = secondsOf(values['longest-drain-seconds']);
  if (longestDrainSeconds === undefined)
    return { ok: false, problem: 'Cannot start: --longest-drain-seconds is no number, write seconds' };
  const mirror = mirrorOf(values);
  if (typeof mirror === 'string') return { ok: false, problem: mirror };
  const status = statusOf(values);
  if (typeof status === 'string') return { ok: false, problem: status };
  const journalDirectory = values['journal-directory'];
  return {
    ok: true,
    options: {
      podName: values['pod-name'] ?? '',
      bindAddress: values['bind-address'] ?? '',
      stateDirectory: values['state-directory'] ?? '',
      secretsDirectory: values['secrets-directory'] ?? '',
      trustDirectory: values['trust-directory'] ?? '',
      hostsFile: values['hosts-file'],
      relay,
      httpPort,
      adminSocket: values['admin-socket'] ?? '',
      longestDrainSeconds,
      ...(journalDirectory === undefined ? {} : { journalDirectory }),
      ...(mirror && { mirror }),
      ...(status && { status }),
    },
  };
}

/** A text says what is wrong. */
function mirrorOf(values: Values): MirrorOptions | string | undefined {
  const [namespace, instance, api] = [values['mirror-namespace'], values['mirror-instance'], values['kubernetes-api']];
  if (namespace === undefined && instance === undefined) return undefined;
  if (namespace === undefined || instance === undefined)
    return 'Cannot start: --mirror-namespace and --mirror-instance go together, write both or none';
  if (api !== undefined && URL.parse(api)?.protocol !== 'https:')
    return `Cannot start: --kubernetes-api is ${api}, write https://HOST:PORT`;
  const mounted = { state: values['mounted-state-directory'], secrets: values['mounted-secrets-directory'] };
  return { namespace, instance, api, credentials: values['kubernetes-credentials'], mounted };
}

function statusOf(values: Values): RuntimeOptions['status'] | string {
  const directory = values['status-directory'];
  if (directory === undefined) return undefined;
  const port = portOf(values['status-port']);
  if (port === undefined)
    return `Cannot start: --status-port is ${values['status-port']}, write a port from 1 to 65535`;
  return { port, directory };
}

function hostAndPort(text: string): { host: string; port: number } | undefined {
  const colon = text.lastIndexOf(':');
  const port = portOf(text.slice(colon + 1));
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return colon > 0 && port !== undefined ? { host, port } : undefined;
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return Infinity;
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

function portOf(text: string): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? port : undefined;
}
