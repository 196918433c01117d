/** What the controller of SbcInstance stands on. Types alone. */
import type { ChildWriter } from '../apply/child-writer.ts';
import type { StatusWriter } from '../apply/status-writer.ts';
import type { EventRecorder } from '../frame/controller.ts';
import type { Clock } from '../kernel/clock.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { ManifestReader } from '../observe/manifest-reader.ts';
import type { Outcomes } from '../observe/outcomes.ts';
import type { Stores } from '../observe/stores.ts';
import type { ChildrenFacts } from '../plan/plan-children.ts';
import type { ReferenceCache } from '../references/reference-cache.ts';
import type { ReportPoller } from '../report/report-poller.ts';
import type { CallEnding } from '../report/status-client.ts';
import type { DefaultImages } from './default-images.ts';
import type { StatusSecretKeeper } from './status-secret-keeper.ts';

export interface SbcInstancePorts {
  /** `namespace/lease` of this operator, for others that serve the same namespaces. Undefined: it stands for no election. */
  readonly identity: string | undefined;
  readonly stores: Stores;
  readonly reader: ManifestReader;
  readonly kube: KubeClient;
  readonly children: ChildWriter;
  readonly statuses: StatusWriter;
  readonly references: ReferenceCache;
  readonly statusSecrets: StatusSecretKeeper;
  readonly poller: Pick<ReportPoller, 'follow' | 'forget' | 'answersOf'>;
  readonly ending: CallEnding;
  readonly outcomes: Outcomes;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly images: DefaultImages;
  /** Which CRDs of others the API server serves, as far as is known now. */
  readonly capabilities: () => ChildrenFacts['capabilities'];
}
