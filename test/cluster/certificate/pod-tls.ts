/** What a pod of an SBC shows: in a TLS handshake, and in its own report. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { parseRuntimeReport, type RuntimeReport } from '@teams-sbc/crds/runtime';
import type { Leaf } from '../../kit/pki.ts';
import type { ControlPlane } from '../kit/control-plane.ts';

const SIP_PORT = 5061;
const STATUS_PORT = 8443;
const ANSWER_MS = 5000;

/** A connection as Microsoft makes it, with a certificate of its own. */
export function dial(address: string, servername: string, { certificate, key }: Leaf): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: address, port: SIP_PORT, servername, cert: certificate, key };
    const socket = connect({ ...options, rejectUnauthorized: false, timeout: ANSWER_MS });
    socket.once('timeout', () => socket.destroy(new Error(`No handshake with ${address} in ${ANSWER_MS} ms`)));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** Of the certificate that it shows to who asks for that name. */
export async function shownBy(address: string, servername: string, peer: Leaf): Promise<string | undefined> {
  const socket = await dial(address, servername, peer);
  const serial = socket.getPeerX509Certificate()?.serialNumber;
  socket.destroy();
  return serial;
}

/** Of the endpoint that the operator asks. */
export async function reportOf(cluster: ControlPlane, address: string): Promise<RuntimeReport> {
  const { body } = await cluster.api.get('/api/v1/namespaces/default/secrets/sbc-status');
  const token = Buffer.from(body.data.token as string, 'base64').toString();
  const asked = request({
    ...{ host: address, port: STATUS_PORT, path: '/status', timeout: ANSWER_MS, rejectUnauthorized: false },
    headers: { authorization: `Bearer ${token}` },
  });
  asked.once('timeout', () => asked.destroy(new Error(`No report of ${address} in ${ANSWER_MS} ms`)));
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const json = await text(answer);
  const parsed = parseRuntimeReport(json);
  if (!parsed.ok) throw new Error(`Cannot read the report of ${address}: ${JSON.stringify(parsed.problems)}`);
  return parsed.report;
}
