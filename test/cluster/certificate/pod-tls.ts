/** What a pod of an SBC shows: in a TLS handshake, and in its own report. */
import type { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { parseRuntimeReport, type RuntimeReport } from '@teams-sbc/crds/runtime';
import type { Said } from '../kit/api-client.ts';
import type { ControlPlane } from '../kit/control-plane.ts';

const SIP_PORT = 5061;
const STATUS_PORT = 8443;
const ANSWER_MS = 5000;

/** The leaf that it shows to who asks for that name. */
export function shownBy(address: string, servername: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port: SIP_PORT,
      servername,
      rejectUnauthorized: false,
      timeout: ANSWER_MS,
    });
    socket.once('timeout', () => socket.destroy(new Error(`No handshake with ${address} in ${ANSWER_MS} ms`)));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      if (leaf === undefined) reject(new Error(`${address} showed no certificate`));
      else resolve(leaf);
    });
  });
}

/** Of the endpoint that the operator asks. */
export async function reportOf(cluster: ControlPlane, address: string): Promise<RuntimeReport> {
  const { body } = await cluster.api.get('/api/v1/namespaces/default/secrets/sbc-status');
  const token = Buffer.from((body as Said).data.token as string, 'base64').toString();
  const json = await new Promise<string>((resolve, reject) => {
    const asked = request(
      { host: address, port: STATUS_PORT, path: '/status', rejectUnauthorized: false, timeout: ANSWER_MS },
      (answer) => text(answer).then(resolve, reject),
    );
    asked.setHeader('authorization', `Bearer ${token}`);
    asked.once('timeout', () => asked.destroy(new Error(`No report of ${address} in ${ANSWER_MS} ms`)));
    asked.once('error', reject);
    asked.end();
  });
  const parsed = parseRuntimeReport(json);
  if (!parsed.ok) throw new Error(`Cannot read the report of ${address}: ${JSON.stringify(parsed.problems)}`);
  return parsed.report;
}
