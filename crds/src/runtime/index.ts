/** What a runtime is told (the routing-state document), and what it says back (the report). */
export type { Problem } from '../problem.ts';
export {
  diffRoutingState,
  type NamedChanges,
  type RoutingStateDiff,
  type Section,
  type SectionChange,
} from './diff.ts';
export {
  documentVersion,
  type ListenerState,
  type PbxTrunkState,
  type PodState,
  type RouteState,
  type RoutingState,
  type TeamsTrunkState,
  type TrunkState,
} from './document.ts';
export { hashRoutingState } from './hash.ts';
export {
  covers,
  daysLeft,
  dnsNames,
  judgeCertificate,
  keyUsages,
  readChain,
  type CertificateFinding,
} from './judge-certificate.ts';
export { maxRoutingStateLength, parseRoutingState, type ParsedRoutingState } from './parse.ts';
export {
  parseRuntimeReport,
  type CertificateReport,
  type ParsedReport,
  type Refusal,
  type RuntimeReport,
  type TargetReport,
  type TrunkReport,
} from './report.ts';
