/** One SbcInstance and as many trunks as are asked for: all derived, so that nobody is sent OPTIONS and only the operator works. */

const apiVersion = 'teams-sbc.dev/v1alpha1';
export const namespace = 'voice';
export const domain = 'bench.example.com';

type Manifest = Record<string, unknown> & { readonly kind: string; readonly metadata: { readonly name: string } };

export function instance(): Manifest {
  return {
    apiVersion,
    kind: 'SbcInstance',
    metadata: { name: 'sbc' },
    spec: {
      domain,
      tls: { secretRef: { name: 'sbc-tls' } },
      media: { engine: 'None' },
      network: { mode: 'ClusterPod' },
    },
  };
}

export function trunks(each: number): Manifest[] {
  return Array.from({ length: each }, (_, index) => [teams(index), pbx(index)]).flat();
}

function teams(index: number): Manifest {
  const name = `tenant-${String(index)}`;
  return {
    apiVersion,
    kind: 'TeamsTrunk',
    metadata: { name },
    spec: { sbcRef: { name: 'sbc' }, subdomain: name },
  };
}

/** Ranges of their own: a PBX is known by its address. */
function pbx(index: number): Manifest {
  const host = `10.${String(20 + (index >> 8))}.${String(index & 255)}.10`;
  return {
    apiVersion,
    kind: 'PbxTrunk',
    metadata: { name: `pbx-${String(index)}` },
    spec: {
      sbcRef: { name: 'sbc' },
      peers: [{ name: 'a', host }],
      allowCIDRs: [`${host}/32`],
      options: { periodSeconds: 0 },
    },
  };
}

export function route(called: string): Manifest {
  return {
    apiVersion,
    kind: 'CallRoute',
    metadata: { name: 'bench' },
    spec: {
      sbcRef: { name: 'sbc' },
      match: { from: { kind: 'TeamsTrunk', name: 'tenant-0' }, calledNumbers: [{ exact: called }] },
      destinations: [{ kind: 'PbxTrunk', name: 'pbx-0' }],
    },
  };
}
