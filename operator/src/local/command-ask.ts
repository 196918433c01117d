/** `sbc status`, `sbc calls` and `sbc ladder`: asks the pods that run from a directory. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseRuntimeReport } from '@teams-sbc/crds/runtime';
import { paths } from '../objects/paths.ts';
import { askAdmin } from './admin-client.ts';
import { callsText } from './calls-text.ts';
import { LocalError } from './local-error.ts';
import { statusText } from './status-text.ts';

export interface AskParams {
  readonly runDirectory: string;
  /** Of one pod only. */
  readonly pod: string | undefined;
  readonly output: 'text' | 'json';
}

export async function askStatus(params: AskParams): Promise<string[]> {
  const answers = await askEach(params, '/status');
  return answers.map(({ body }) => {
    const parsed = params.output === 'text' ? parseRuntimeReport(body) : undefined;
    return parsed?.ok === true ? statusText(parsed.report) : body.trimEnd();
  });
}

export async function askCalls(params: AskParams): Promise<string[]> {
  const answers = await askEach(params, '/calls');
  return titled(
    answers.map((answer) => (params.output === 'text' ? { ...answer, body: callsText(answer.body) } : answer)),
  );
}

export interface Ladder {
  /** Absent: the last one of each pod. */
  readonly call: string | undefined;
  /** The whole messages as well. */
  readonly withMessages: boolean;
}

export async function askLadder(params: AskParams, { call, withMessages }: Ladder): Promise<string[]> {
  const path = call === undefined ? '/ladder' : `/calls/${encodeURIComponent(call)}/ladder`;
  const answers = await askEach(params, withMessages ? `${path}?messages` : path);
  const found = answers.filter(({ status }) => status === 200);
  if (found.length > 0) return titled(found);
  throw new LocalError(answers.map(({ pod, body }) => `${pod}: ${body.trim()}`).join('\n'));
}

interface Answer {
  readonly pod: string;
  readonly status: number;
  readonly body: string;
}

async function askEach({ pod, runDirectory }: AskParams, path: string): Promise<Answer[]> {
  const pods = podsOf(runDirectory).filter((name) => pod === undefined || name === pod);
  if (pods.length === 0) {
    throw new LocalError(
      pod === undefined
        ? "Nothing runs from this directory, start it with 'sbc local'"
        : `No pod ${pod} runs from this directory`,
    );
  }
  return Promise.all(
    pods.map(async (name) => ({ pod: name, ...(await askAdmin(socketOf(runDirectory, name), path)) })),
  );
}

function podsOf(runDirectory: string): string[] {
  if (!existsSync(runDirectory)) return [];
  return readdirSync(runDirectory)
    .filter((name) => existsSync(socketOf(runDirectory, name)))
    .sort();
}

function socketOf(runDirectory: string, pod: string): string {
  return join(runDirectory, pod, 'root', paths.adminSocket);
}

/** With the pod above each where there are several. */
function titled(answers: readonly Answer[]): string[] {
  return answers.map(({ pod, body }) => (answers.length > 1 ? `${pod}:\n${body.trimEnd()}` : body.trimEnd()));
}
