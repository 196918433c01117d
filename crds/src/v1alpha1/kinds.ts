/** The kinds, with what the API server needs to know about each besides its schema. */
import { callRoute } from './call-route.ts';
import { numberPolicy } from './number-policy.ts';
import { pbxTrunk } from './pbx-trunk.ts';
import { pbxTrunkStatus } from './pbx-trunk-status.ts';
import { callRouteStatus, numberPolicyStatus } from './routing-status.ts';
import { sbcInstance } from './sbc-instance.ts';
import { sbcInstanceStatus } from './sbc-instance-status.ts';
import { teamsTrunk } from './teams-trunk.ts';
import { teamsTrunkStatus } from './teams-trunk-status.ts';

/** The API server shows the first of several values alone: a column never points to more than one. */
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
    status: sbcInstanceStatus,
    singular: 'sbcinstance',
    plural: 'sbcinstances',
    shortNames: ['sbci'],
    /** `kubectl scale`, and HorizontalPodAutoscalers. */
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
    columns: [
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', description: 'Pods that should serve calls' },
      { name: 'Ready pods', type: 'integer', jsonPath: '.status.readyReplicas', description: 'Pods that are ready' },
      { name: 'Domain', type: 'string', jsonPath: '.spec.domain', description: 'The DNS domain of the pods' },
      {
        name: 'Address',
        type: 'string',
        jsonPath: '.status.addressList',
        description: 'The public addresses of the pods',
      },
      {
        name: 'Certificate until',
        type: 'string',
        jsonPath: '.status.certificate.notAfter',
        description: 'When the certificate ends',
      },
      conditionColumn('Programmed', 'Whether every ready pod runs the current manifests'),
      ready,
      message,
      age,
    ],
  },
  TeamsTrunk: {
    schema: teamsTrunk,
    status: teamsTrunkStatus,
    singular: 'teamstrunk',
    plural: 'teamstrunks',
    shortNames: ['tmst'],
    columns: [
      sbc,
      {
        name: 'Gateway',
        type: 'string',
        jsonPath: '.status.gateways[0].fqdn',
        description: 'The first name to register in the tenant',
      },
      { name: 'Region', type: 'string', jsonPath: '.spec.region', description: 'The Microsoft cloud', priority: 1 },
      reachable,
      ready,
      message,
      age,
    ],
  },
  PbxTrunk: {
    schema: pbxTrunk,
    status: pbxTrunkStatus,
    singular: 'pbxtrunk',
    plural: 'pbxtrunks',
    shortNames: ['pbxt'],
    columns: [
      sbc,
      { name: 'Transport', type: 'string', jsonPath: '.spec.transport', description: 'Transport protocol' },
      {
        name: 'First peer',
        type: 'string',
        jsonPath: '.spec.peers[0].host',
        description: 'The host that is tried first',
      },
      reachable,
      ready,
      message,
      age,
    ],
  },
  CallRoute: {
    schema: callRoute,
    status: callRouteStatus,
    singular: 'callroute',
    plural: 'callroutes',
    shortNames: ['croute'],
    columns: [
      sbc,
      {
        name: 'Priority',
        type: 'integer',
        jsonPath: '.spec.priority',
        description: 'Routes of a lower number are looked at first',
      },
      {
        name: 'From',
        type: 'string',
        jsonPath: '.spec.match.from.name',
        description: 'The trunk that calls come from',
      },
      { name: 'Action', type: 'string', jsonPath: '.spec.action', description: 'Whether calls are routed or refused' },
      {
        name: 'First to',
        type: 'string',
        jsonPath: '.spec.destinations[0].name',
        description: 'The first trunk of its destinations',
      },
      ready,
      message,
      age,
    ],
  },
  NumberPolicy: {
    schema: numberPolicy,
    status: numberPolicyStatus,
    singular: 'numberpolicy',
    plural: 'numberpolicies',
    shortNames: ['nump'],
    columns: [
      sbc,
      {
        name: 'First rule',
        type: 'string',
        jsonPath: '.spec.rules[0].name',
        description: 'The rule that is tried first',
      },
      { name: 'NoMatch', type: 'string', jsonPath: '.spec.noMatch', description: 'What happens to other numbers' },
      ready,
      message,
      age,
    ],
  },
} as const satisfies Record<string, { columns: readonly PrinterColumn[]; [field: string]: unknown }>;

export type Kind = keyof typeof kinds;
