/** Argo CD's own judgement of one resource, by the program that is built of its modules: no cluster is asked. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, repository } from '../kit/binaries.ts';
import type { Said } from '../kit/api-client.ts';

const script = join(repository, 'config/argocd/health.lua');

export interface Assessment {
  readonly health: { readonly status: string; readonly message: string };
  /** Only where a target was given. */
  readonly modified?: boolean;
  readonly predictedLive?: Said;
  readonly normalizedLive?: Said;
}

/** @param directory Where the objects are laid as files @param target As it stands in Git */
export function assess(directory: string, live: Said, target?: Said): Assessment {
  const [group = ''] = (live.apiVersion as string).split('/');
  const files = [live, target]
    .filter((object) => object !== undefined)
    .map((object, index) => {
      const file = join(directory, `argocd-${String(index)}.json`);
      writeFileSync(file, JSON.stringify(object));
      return file;
    });
  const answer = execFileSync(binary('argocd-assess'), [script, `${group}/${live.kind as string}`, ...files]);
  return JSON.parse(answer.toString()) as Assessment;
}
