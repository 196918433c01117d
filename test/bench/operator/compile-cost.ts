/** What the compiler and the splitter cost in themselves, without an API server: all trunks for the first time, then one of them changed. */
import type { PbxTrunk, SbcInstance, TeamsTrunk } from '../../../crds/src/index.ts';
import { parseManifest } from '../../../crds/src/index.ts';
import { EntryTexts, splitRoutingState } from '../../../crds/src/runtime/shards.ts';
import { CompileMemo } from '../../../operator/src/compile/compile-memo.ts';
import { compile } from '../../../operator/src/compile/compile.ts';
import { domain, instance, trunks } from './manifests.ts';
import { median } from './statistics.ts';

export interface CompileCost {
  readonly wholeMs: number;
  readonly changedMs: number;
}

const REPEATS = 15;

export function compileCost(each: number): CompileCost {
  const sbc = parsed(instance(), 0) as SbcInstance;
  const all = trunks(each).map((manifest, index) => parsed(manifest, index + 1) as TeamsTrunk | PbxTrunk);
  const whole: number[] = [];
  const changed: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const memo = new CompileMemo();
    const texts = new EntryTexts();
    whole.push(timed(() => once(sbc, all, memo, texts)));
    changed.push(timed(() => once(sbc, withOneChanged(all, repeat), memo, texts)));
  }
  return { wholeMs: median(whole), changedMs: median(changed) };
}

function once(sbc: SbcInstance, all: readonly (TeamsTrunk | PbxTrunk)[], memo: CompileMemo, texts: EntryTexts): void {
  const teamsTrunks = all.filter((trunk): trunk is TeamsTrunk => trunk.kind === 'TeamsTrunk');
  const pbxTrunks = all.filter((trunk): trunk is PbxTrunk => trunk.kind === 'PbxTrunk');
  const { state, problems } = compile(sbc, { teamsTrunks, pbxTrunks, callRoutes: [], numberPolicies: [] }, { memo });
  if (state === undefined) throw new Error(`Cannot compile: ${problems[0]?.message ?? 'no reason'}`);
  splitRoutingState(state, (entry) => texts.of(entry));
}

function withOneChanged(all: readonly (TeamsTrunk | PbxTrunk)[], index: number): readonly (TeamsTrunk | PbxTrunk)[] {
  const trunk = trunks(index + 1).findLast(({ kind }) => kind === 'PbxTrunk');
  if (trunk === undefined) throw new Error('Cannot change a trunk: there is none');
  const spec = { ...(trunk['spec'] as object), peers: [{ name: 'b', host: `192.0.2.${String(index)}` }] };
  const other = parsed({ ...trunk, spec }, 2 * all.length + index) as PbxTrunk;
  return all.map((each) => (each.metadata.name === trunk.metadata.name ? other : each));
}

function parsed(manifest: object, serial: number) {
  const metadata = { ...(manifest as { metadata: object }).metadata, namespace: domain.split('.')[0] };
  const identity = { uid: `uid-${String(serial)}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  const result = parseManifest({ ...manifest, metadata: { ...metadata, ...identity } });
  if (!result.ok) throw new Error(`Cannot use the manifest: ${result.problems[0]?.message ?? ''}`);
  return result.object;
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
