/** What a runtime is told (the routing-state document), and what it says back (the report). */
export {
  fillIn,
  parseNumberPattern,
  replacementFault,
  type NumberPattern,
  type ParsedNumberPattern,
} from '../number-pattern.ts';
export type { Problem } from '../problem.ts';
export { entryProblems, stateProblems } from './check-state.ts';
export {
  diffRoutingState,
  type NamedChanges,
  type RoutingStateDiff,
  type Section,
  type SectionChange,
} from './diff.ts';
export {
  documentVersion,
  maxCallRoutes,
  maxNumberPolicies,
  maxTrunks,
  maxTrustBundles,
  type CallRouteState,
  type ListenerState,
  type NumberMatchState,
  type NumberPolicyState,
  type PbxTrunkState,
  type PodState,
  type RouteState,
  type RoutingState,
  type TeamsTrunkState,
  type TrunkState,
} from './document.ts';
export { canonicalJson, hashRoutingState, hashText } from './hash.ts';
export {
  covers,
  daysLeft,
  dnsNames,
  issuerText,
  judgeCertificate,
  keyUsages,
  readChain,
  type CertificateFinding,
} from './judge-certificate.ts';
export { maxRoutingStateLength, parseRoutingState, type ParsedRoutingState } from './parse.ts';
export { RoutingStateReader } from './state-reader.ts';
export {
  maxReportLength,
  maxSummaryLength,
  parseRuntimeReport,
  parseRuntimeSummary,
  type CertificateReport,
  type ParsedReport,
  type ParsedSummary,
  type PeerRefusal,
  type Refusal,
  type RuntimeReport,
  type RuntimeSummary,
  type TargetReport,
  type TrunkReport,
} from './report.ts';
export {
  EntryTexts,
  indexKey,
  JoinMemory,
  joinShards,
  maxShardLength,
  parseRoutingIndex,
  shardKey,
  shardName,
  splitRoutingState,
  type EntryText,
  type JoinedState,
  type ParsedIndex,
  type RoutingIndex,
  type Shard,
  type SplitState,
} from './shards.ts';
