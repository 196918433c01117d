/** What the test's pod is told by its environment. */

export interface Settings {
  readonly namespace: string;
  /** The pod itself: what it makes goes when the pod does, whatever happens to the program. */
  readonly pod: { readonly name: string; readonly uid: string; readonly address: string };
  /** Of every object that it makes. */
  readonly name: string;
  /** Those that the operator serves; empty: all. */
  readonly watchNamespaces: readonly string[];
  readonly imagePullSecrets: readonly string[];
  /** How long the SBC may take to be ready. */
  readonly readyMs: number;
  readonly apiServer: string;
  /** Holds `token` and `ca.crt`. */
  readonly accountDirectory: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const READY_SECONDS = 120;
const MAX_READY_SECONDS = 3600;

/** @throws Error that names the variable that is missing or wrong */
export function readSettings(environment: Environment): Settings {
  const required = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === '')
      throw new Error(`Cannot start without ${name}: run it as the chart does (helm test)`);
    return value;
  };
  const list = (name: string): string[] => (environment[name] ?? '').split(',').filter((each) => each !== '');
  const seconds = Number(environment['READY_SECONDS'] ?? READY_SECONDS);
  if (!(seconds >= 1 && seconds <= MAX_READY_SECONDS))
    throw new Error(`READY_SECONDS must be 1 to ${MAX_READY_SECONDS}`);
  const host = required('KUBERNETES_SERVICE_HOST');
  return {
    namespace: required('POD_NAMESPACE'),
    pod: { name: required('POD_NAME'), uid: required('POD_UID'), address: required('POD_IP') },
    name: required('OBJECT_NAME'),
    watchNamespaces: list('WATCH_NAMESPACES'),
    imagePullSecrets: list('IMAGE_PULL_SECRETS'),
    readyMs: seconds * 1000,
    apiServer: `https://${host.includes(':') ? `[${host}]` : host}:${required('KUBERNETES_SERVICE_PORT')}`,
    accountDirectory: environment['ACCOUNT_DIRECTORY'] ?? ACCOUNT,
  };
}
