/** What a person writes: the kinds of `teams-sbc.dev/v1alpha1`, their schemas, types, defaults and rules. */
export { parseManifest, type ParsedManifest } from './parse-manifest.ts';
export type { Problem } from './problem.ts';
export { callRoute, type CallRoute, type CallRouteSpec } from './v1alpha1/call-route.ts';
export { certificateUsages, type CertificateUsage } from './v1alpha1/certificate.ts';
export {
  condition,
  conditionsOf,
  conditionTypes,
  type Condition,
  type ConditionType,
  type Status,
} from './v1alpha1/conditions.ts';
export { countries } from './v1alpha1/country.ts';
export { kinds, type Kind } from './v1alpha1/kinds.ts';
export { microsoft, type Region } from './v1alpha1/microsoft.ts';
export { numberPolicy, type NumberPolicy, type NumberPolicySpec } from './v1alpha1/number-policy.ts';
export { apiVersion, group, version, type ObjectMeta } from './v1alpha1/object.ts';
export { pbxPeerNames, pbxTrunk, type PbxTrunk, type PbxTrunkSpec } from './v1alpha1/pbx-trunk.ts';
export { reasons, type ReasonEntry, type ReasonOf } from './v1alpha1/reasons.ts';
export { statusLimits } from './v1alpha1/status-part.ts';
export type { SbcInstanceStatus } from './v1alpha1/sbc-instance-status.ts';
export type { TeamsTrunkStatus } from './v1alpha1/teams-trunk-status.ts';
export type { PbxTrunkStatus } from './v1alpha1/pbx-trunk-status.ts';
export { podFqdn, sbcInstance, type SbcInstance, type SbcInstanceSpec } from './v1alpha1/sbc-instance.ts';
export {
  endpointsOf,
  teamsPeerNames,
  teamsTrunk,
  trunkFqdn,
  type TeamsTrunk,
  type TeamsTrunkSpec,
} from './v1alpha1/teams-trunk.ts';
