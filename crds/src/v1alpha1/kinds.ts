/** The kinds, with what the API server needs to know about each besides its schema. */
import { pbxTrunk } from './pbx-trunk.ts';
import { sbcInstance } from './sbc-instance.ts';
import { teamsTrunk } from './teams-trunk.ts';

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1: shown with `-o wide` only. */
  readonly priority?: 1;
}

const conditionColumn = (type: string, description: string): PrinterColumn => ({
  name: type,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
  description,
});
const sbc: PrinterColumn = {
  name: 'SBC',
  type: 'string',
  jsonPath: '.spec.sbcRef.name',
  description: 'The SbcInstance that serves the trunk',
};
const ready = conditionColumn('Ready', 'Whether all is as it should be');
const reachable = conditionColumn('Reachable', 'Whether the far end answers OPTIONS');
const message: PrinterColumn = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: 'What is missing, in words',
  priority: 1,
};
const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When the object was created',
};

export const kinds = {
  SbcInstance: {
    schema: sbcInstance,
    singular: 'sbcinstance',
    plural: 'sbcinstances',
    shortNames: ['sbci'],
    columns: [
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', description: 'Pods that should serve calls' },
      { name: 'Domain', type: 'string', jsonPath: '.spec.domain', description: 'The DNS domain of the pods' },
      ready,
      message,
      age,
    ],
  },
  TeamsTrunk: {
    schema: teamsTrunk,
    singular: 'teamstrunk',
    plural: 'teamstrunks',
    shortNames: ['tmst'],
    columns: [
      sbc,
      { name: 'Region', type: 'string', jsonPath: '.spec.region', description: 'The Microsoft cloud' },
      ready,
      reachable,
      message,
      age,
    ],
  },
  PbxTrunk: {
    schema: pbxTrunk,
    singular: 'pbxtrunk',
    plural: 'pbxtrunks',
    shortNames: ['pbxt'],
    columns: [
      sbc,
      { name: 'Transport', type: 'string', jsonPath: '.spec.transport', description: 'Transport protocol' },
      { name: 'Peers', type: 'string', jsonPath: '.spec.peers[*].host', description: 'The hosts of the PBX' },
      ready,
      reachable,
      message,
      age,
    ],
  },
} as const satisfies Record<string, { columns: readonly PrinterColumn[]; [field: string]: unknown }>;

export type Kind = keyof typeof kinds;
