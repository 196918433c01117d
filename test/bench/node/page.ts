/** docs/performance-cluster.md from one run, and from what the tests on real nodes measured before it. */
import { cpus } from 'node:os';
import { eventTable, type EventFigure } from './events.ts';
import type { Figures } from './measure.ts';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const mib = (size: number) => `${size.toFixed(0)} MiB`;

export function clusterPage(figures: Figures, events: readonly EventFigure[]): string {
  const { calls, memory, drain, archives } = figures;
  return `# On a cluster

Written by \`make bench-node\` (\`test/bench/node/\`): one real node (kubelet, containerd, runc, kube-proxy) under a real control plane, cert-manager, the images of \`make images\`, Microsoft and a PBX beside the node. Nodes, API server, both far ends and the generator of
RTP share ${String(cpus().length)} cores (${cpus()[0]?.model ?? 'unknown'}), so times are upper bounds.
Taken ${new Date().toISOString().slice(0, 10)}.

| what | measured |
|---|---|
| \`helm install --wait\`, images on the node | ${seconds(figures.installedMs)} |
| from its beginning until SbcInstance and trunks are Ready, certificate issued, OPTIONS answered | ${seconds(figures.readyMs)} |
| from its beginning until the first call is answered | **${seconds(figures.firstCallMs)}** |
| memory of the pod without calls: runtime, RTPEngine | ${mib(memory.idle.runtimeMiB)}, ${mib(memory.idle.rtpengineMiB)} |
| with ${String(calls)} calls | ${mib(memory.held.runtimeMiB)}, ${mib(memory.held.rtpengineMiB)} |
| memory of one operator | ${mib(figures.operatorMiB)} |
| images, compressed: operator, runtime, RTPEngine, call test | ${Object.values(archives).map(mib).join(', ')} (docs/images.md) |

## A pod that goes with ${String(calls)} calls on it

| what | measured |
|---|---|
| calls that ended before somebody hung up | **${String(drain.ended)}** |
| packets lost, of ${String(drain.sent)} | ${String(drain.lost)} |
| longest gap in the sound while it drained (quiet stretch before; own lateness of the listener) | ${drain.maxGapMs.toFixed(0)} ms (${drain.quietGapMs.toFixed(0)} ms; ${drain.ownLatenessMs.toFixed(0)} ms) |
| from the last hang-up until the pod is gone | ${seconds(drain.goneMs)} |
| until a new pod takes calls under its name | ${seconds(drain.backMs)} |

## What each event does to calls

Written by \`make test-cluster\` into \`work/node-figures.jsonl\`, of each figure the newest, whatever else the machine did then. A gap is the longest time without a packet in any direction of any held call (one packet each 20 ms); of about the size of the own lateness it is the busy machine, not the SBC.
The bound of a planned event is 200 ms beyond the own lateness. The tests themselves demand that no call ends, that no packet is lost and that no second is silent; a second of which they themselves stood still for 0.9 s is excused. A slowest answer of 4 to 5 s is the caller's: it waits so long for a pod that has gone before it asks the other one.

${eventTable(events)}
`;
}
