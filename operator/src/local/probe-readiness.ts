/** The kubelet's readiness probe: an HTTP GET that must answer 200 in time. */
import { request } from 'node:http';

export interface HttpProbe {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
}

/** @returns undefined when it is ready, else why not */
export function probeHttp({ host, port, path, timeoutMs }: HttpProbe): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ host, port, path, timeout: timeoutMs, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (text.length < 500) text += chunk;
      });
      response.on('end', () =>
        resolve(
          response.statusCode === 200
            ? undefined
            : text.trim().replaceAll('\n', '; ') || `status ${String(response.statusCode)}`,
        ),
      );
      response.on('error', (error) => resolve(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
  });
}
