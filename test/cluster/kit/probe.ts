/** One probe of a container, asked once. */
import { execFile } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ContainerSpec, ProbeSpec } from './pod-types.ts';

export interface ProbeContext {
  readonly container: ContainerSpec;
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
}

export function probeOnce(probe: ProbeSpec, { container, address, environment }: ProbeContext): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const portOf = (port: number | string) =>
    typeof port === 'number' ? port : (container.ports?.find(({ name }) => name === port)?.containerPort ?? 0);
  return new Promise((resolve) => {
    if (probe.httpGet) {
      const { path = '/', port, scheme } = probe.httpGet;
      const send = scheme === 'HTTPS' ? httpsRequest : httpRequest;
      const place = {
        host: address,
        port: portOf(port),
        path,
        timeout: timeoutMs,
        agent: false as const,
        rejectUnauthorized: false,
      };
      const outgoing = send(place, (answer) => {
        answer.resume();
        resolve((answer.statusCode ?? 0) >= 200 && (answer.statusCode ?? 0) < 400);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', () => resolve(false));
      outgoing.end();
    } else if (probe.tcpSocket) {
      const socket = connect({ host: address, port: portOf(probe.tcpSocket.port), timeout: timeoutMs });
      const over = (answered: boolean) => {
        socket.destroy();
        resolve(answered);
      };
      socket.once('connect', () => over(true));
      socket.once('error', () => over(false));
      socket.once('timeout', () => over(false));
    } else {
      const [command = 'false', ...args] = probe.exec?.command ?? [];
      execFile(command, args, { timeout: timeoutMs, env: environment }, (error) => resolve(error === null));
    }
  });
}
