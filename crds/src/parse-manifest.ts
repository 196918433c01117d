/** A manifest as a person wrote it (already read from YAML or JSON), checked and with every default filled in. */
import { problemsIn } from './problems-in.ts';
import { atMost, describeFound, problem, type Problem } from './problem.ts';
import { apiVersion } from './v1alpha1/object.ts';
import type { CallRoute } from './v1alpha1/call-route.ts';
import { kinds, type Kind } from './v1alpha1/kinds.ts';
import type { NumberPolicy } from './v1alpha1/number-policy.ts';
import type { PbxTrunk } from './v1alpha1/pbx-trunk.ts';
import type { SbcInstance } from './v1alpha1/sbc-instance.ts';
import type { TeamsTrunk } from './v1alpha1/teams-trunk.ts';

export type ParsedManifest =
  | { readonly ok: true; readonly kind: 'SbcInstance'; readonly object: SbcInstance }
  | { readonly ok: true; readonly kind: 'TeamsTrunk'; readonly object: TeamsTrunk }
  | { readonly ok: true; readonly kind: 'PbxTrunk'; readonly object: PbxTrunk }
  | { readonly ok: true; readonly kind: 'CallRoute'; readonly object: CallRoute }
  | { readonly ok: true; readonly kind: 'NumberPolicy'; readonly object: NumberPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never throws on what JSON or YAML can hold. Fields that it does not know are problems. */
export function parseManifest(manifest: unknown): ParsedManifest {
  const envelope = envelopeOf(manifest);
  if (envelope.problems.length > 0 || envelope.kind === undefined) return { ok: false, problems: envelope.problems };
  const { schema } = kinds[envelope.kind];
  const parsed = schema.safeParse(manifest);
  if (!parsed.success) return { ok: false, problems: atMost(problemsIn(parsed.error, schema, manifest)) };
  // The schema was chosen by kind, so kind and object belong together; the compiler cannot see that.
  return { ok: true, kind: envelope.kind, object: parsed.data } as ParsedManifest;
}

function envelopeOf(manifest: unknown): { kind?: Kind; problems: Problem[] } {
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    return {
      problems: [
        problem('', 'a manifest: an object with apiVersion, kind, metadata and spec', describeFound(manifest)),
      ],
    };
  const { apiVersion: foundVersion, kind } = manifest as { apiVersion?: unknown; kind?: unknown };
  const problems: Problem[] = [];
  if (foundVersion !== apiVersion) problems.push(problem('apiVersion', apiVersion, describeFound(foundVersion)));
  if (typeof kind === 'string' && Object.hasOwn(kinds, kind)) return { kind: kind as Kind, problems };
  problems.push(problem('kind', `one of ${Object.keys(kinds).join(', ')}`, describeFound(kind)));
  return { problems };
}
