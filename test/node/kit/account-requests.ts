/** What a ServiceAccount gets when it asks the API server itself, request by request: 403 is no, anything else is yes. */
import { ApiClient } from '../../cluster/kit/api-client.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';

/** `<method> <path>`, with `{voice}` for `/api/v1/namespaces/voice` and `{apis}` for the groups; nothing is ever changed. */
export type Request = readonly [question: string, body?: object];

const DRY_RUN = { dryRun: 'All' };

/** As whoever holds that token. */
export function accountOf(cluster: ControlPlane, token: string): ApiClient {
  const client = new ApiClient({ server: cluster.server, ca: cluster.pki.ca, token: token.trim() });
  cluster.endsWith(() => client.close());
  return client;
}

/** Answers by question; writes are dry runs. */
export async function answersTo(client: ApiClient, requests: readonly Request[]): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (const [question, body] of requests) {
    const [method = '', path = ''] = question.split(' ');
    answers[question] = await statusOf(client, method, path, body);
  }
  return answers;
}

/** Those of the same requests. */
export const allAnswered = (requests: readonly Request[], status: number): Record<string, number> =>
  Object.fromEntries(requests.map(([question]) => [question, status]));

async function statusOf(client: ApiClient, method: string, path: string, body: object | undefined): Promise<number> {
  const [plain = '', search] = path.split('?');
  const query = Object.fromEntries(new URLSearchParams(search));
  if (method === 'GET') return (await client.get(plain, query)).status;
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  // A watcher of exec and the like has no dry run: the API server refuses it before it looks at that.
  const answer = await client.send(method, plain, { query: { ...query, ...DRY_RUN }, contentType, body: body ?? {} });
  return answer.status;
}
