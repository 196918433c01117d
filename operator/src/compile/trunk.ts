/** What attaches to an instance. */
import type { PbxTrunk, TeamsTrunk } from '@teams-sbc/crds';

export type Trunk = TeamsTrunk | PbxTrunk;
