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
} as const;

export function runtimeOptions(argv: readonly string[]): OptionsResult {
  let values;
  try {
    values = parseArgs({ args: [...argv], options: flags }).values;
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
    },
  };
}

function hostAndPort(text: string): { host: string; port: number } | undefined {
  const colon = text.lastIndexOf(':');
  const port = portOf(text.slice(colon + 1));
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return colon > 0 && port !== undefined ? { host, port } : undefined;
}

function portOf(text: string): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? port : undefined;
}
