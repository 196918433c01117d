/** What the containers ask for. Without a word in the manifest no limits: one would slow or end calls while the node has room. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';

/** Measured (docs/performance.md, ADR 0012): a call held costs the runtime about 11 KiB and its journal up to 18, RTPEngine less than 64. */
const callsPerMiB = { runtime: 32, rtpengine: 16 } as const;
const baseMiB = { runtime: 192, rtpengine: 64 } as const;

interface Amounts {
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
}

type Quantities = Record<string, string>;

export function containerResources(
  instance: SbcInstance,
  container: 'runtime' | 'rtpengine',
): { requests?: Quantities; limits?: Quantities } {
  const written = instance.spec.podTemplate.resources?.[container];
  const { maxCalls } = instance.spec.capacity;
  const usual = { cpu: '100m', memory: memory(baseMiB[container] + Math.ceil(maxCalls / callsPerMiB[container])) };
  const limits = present(written?.limits ?? {});
  // Kubernetes requests what is limited, where no request is written; more than the limit it would refuse.
  const requests = { ...without(usual, limits), ...present(written?.requests ?? {}) };
  return {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}

function present({ cpu, memory: octets }: Amounts): Quantities {
  return { ...(cpu === undefined ? {} : { cpu }), ...(octets === undefined ? {} : { memory: octets }) };
}

function without(amounts: Quantities, taken: Quantities): Quantities {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => !(name in taken)));
}

/** As the API server would write it, so that reading it back shows no difference. */
function memory(mebibytes: number): string {
  return mebibytes % 1024 === 0 ? `${String(mebibytes / 1024)}Gi` : `${String(mebibytes)}Mi`;
}
