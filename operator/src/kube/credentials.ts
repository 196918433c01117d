/** Who we are to the API server, from client-node's KubeConfig: files, in-cluster ServiceAccount, exec plugins. */
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../kernel/clock.ts';

/** One identity over TLS. A new object means: open new connections. */
export interface TlsIdentity {
  readonly secureContext: SecureContext | undefined;
  readonly rejectUnauthorized: boolean;
  readonly servername: string | undefined;
}

export interface Credential {
  readonly tls: TlsIdentity;
  /** The value of the Authorization header. */
  readonly authorization: string | undefined;
}

export interface Credentials {
  /** `https://10.96.0.1:443`, without a path at its end. */
  readonly server: URL;
  /** Cheap: asked before every request. */
  current(): Promise<Credential>;
  /** The server did not believe them (401): read them anew next time. */
  forget(): void;
}

/** Bearer token files rotate, client certificates too; client-go reads them anew once a minute. */
const keptMs = 60_000;

/** What KubeConfig.applyToHTTPSOptions fills in. */
interface HttpsOptions {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  pfx?: Buffer | string;
  passphrase?: string;
  rejectUnauthorized?: boolean;
  servername?: string;
  auth?: string;
  headers?: Record<string, string>;
}

export function kubeConfigCredentials(kubeConfig: KubeConfig, clock: Clock): Credentials {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('Cannot find the API server: the kubeconfig has no current cluster');
  let kept: { readonly credential: Credential; readonly untilMs: number; readonly material: string } | undefined;
  let reading: Promise<Credential> | undefined;

  const read = async (): Promise<Credential> => {
    const options: HttpsOptions = {};
    await kubeConfig.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const material = materialOf(options);
    const tls = kept?.material === material ? kept.credential.tls : identityOf(options);
    const credential = { tls, authorization: authorizationOf(options) };
    kept = { credential, material, untilMs: clock.nowMs() + keptMs };
    return credential;
  };
  return {
    server: new URL(cluster.server),
    current: () => {
      if (kept !== undefined && clock.nowMs() < kept.untilMs) return Promise.resolve(kept.credential);
      reading ??= read().finally(() => (reading = undefined));
      return reading;
    },
    forget: () => {
      if (kept !== undefined) kept = { ...kept, untilMs: 0 };
    },
  };
}

function authorizationOf({ headers, auth }: HttpsOptions): string | undefined {
  if (auth !== undefined) return `Basic ${Buffer.from(auth).toString('base64')}`;
  return headers?.['Authorization']?.trim();
}

const materialOf = ({ ca, cert, key, pfx, servername }: HttpsOptions): string =>
  [ca, cert, key, pfx, servername].map((part) => part?.toString('base64') ?? '').join('\n');

function identityOf({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }: HttpsOptions): TlsIdentity {
  return {
    // Built once: an Agent that is given PEM texts would hash them into the name of its pool at every request.
    secureContext: createSecureContext({ ca, cert, key, pfx, passphrase }),
    rejectUnauthorized: rejectUnauthorized ?? true,
    servername,
  };
}
