/** What each image is: its program and what it says of itself. */

export interface ImageDefinition {
  readonly name: string;
  readonly description: string;
  /** SPDX expression of the image's own program. */
  readonly license: string;
  readonly entrypoint: readonly string[];
  readonly environment: readonly string[];
  /** Programs of Debian packages beside Node, by path. */
  readonly programs: readonly string[];
  /** None: the image holds no program of ours. */
  readonly node: NodeProgram | undefined;
}

export interface NodeProgram {
  /** Path below the checkout, and below /app. */
  readonly main: string;
  /** Further programs: name on the PATH → path below the checkout. */
  readonly commands: Readonly<Record<string, string>>;
}

const path = 'PATH=/usr/local/bin:/usr/bin:/bin';
const node = ['/usr/local/bin/node'];

export const images: readonly ImageDefinition[] = [
  {
    name: 'operator',
    description: 'Turns SbcInstances and trunks into pods that carry calls',
    license: 'MIT',
    entrypoint: [...node, '/app/operator/src/cluster/main.ts'],
    environment: [path, 'NODE_ENV=production'],
    programs: [],
    node: { main: 'operator/src/cluster/main.ts', commands: {} },
  },
  {
    name: 'sbc-runtime',
    description: 'SIP back-to-back user agent for Microsoft Teams Direct Routing',
    license: 'MIT',
    entrypoint: [...node, '/app/sbc-runtime/src/main.ts'],
    environment: [path, 'NODE_ENV=production'],
    programs: [],
    node: { main: 'sbc-runtime/src/main.ts', commands: {} },
  },
  {
    name: 'rtpengine',
    description: 'RTPEngine as Debian 12 ships it, and bash for the startup probe',
    license: 'GPL-3.0-or-later',
    entrypoint: ['/usr/bin/rtpengine'],
    environment: [path],
    programs: ['/usr/bin/rtpengine', '/usr/bin/bash'],
    node: undefined,
  },
  {
    name: 'call-test',
    description: 'Places calls through an SbcInstance and says what failed; plays Teams and a PBX',
    license: 'MIT',
    entrypoint: [...node, '/app/test/call-test/main.ts'],
    environment: [path, 'NODE_ENV=production'],
    programs: ['/usr/bin/openssl'],
    node: {
      main: 'test/call-test/main.ts',
      commands: { 'teams-simulator': 'test/teams-simulator/main.ts' },
    },
  },
];
