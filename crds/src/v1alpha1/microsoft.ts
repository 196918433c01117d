/**
 * What Microsoft publishes about the far end of Direct Routing, as data: names, ports and address ranges of each cloud.
 * Source: Microsoft Learn, "Plan Direct Routing" (text of January 2023) and "What's new for Direct Routing", whose newest
 * entry then was of `asOf`.
 */

export type Region = 'Global' | 'GCCHigh' | 'DoD';

interface RegionFacts {
  /** Data centres in the order in which Microsoft wants them tried: the nearest first, then the two others. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** The port that the SBC must listen on; absent: any, as the gateway is registered. */
  readonly listenerPort?: number;
  /** Signalling comes from anywhere inside these ranges; in-dialog requests too, from other addresses than the INVITE's. */
  readonly allowCIDRs: readonly string[];
}

export const microsoft: { readonly asOf: string; readonly regions: Readonly<Record<Region, RegionFacts>> } = {
  asOf: '2024-09-23',
  regions: {
    Global: {
      hosts: ['sip.pstnhub.microsoft.com', 'sip2.pstnhub.microsoft.com', 'sip3.pstnhub.microsoft.com'],
      port: 5061,
      // Teams: one page lists 52.122.0.0/15, another 52.120.0.0/14, which contains it. The larger one loses no call.
      allowCIDRs: ['52.112.0.0/14', '52.120.0.0/14'],
    },
    GCCHigh: {
      hosts: ['sip.pstnhub.gov.teams.microsoft.us'],
      port: 5061,
      listenerPort: 5061,
      allowCIDRs: ['52.127.88.0/21'],
    },
    DoD: {
      hosts: ['sip.pstnhub.dod.teams.microsoft.us'],
      port: 5061,
      listenerPort: 5061,
      allowCIDRs: ['52.127.64.0/21'],
    },
  },
};
