/** From now on the pods of an instance are asked how they are. */
import { formatKey } from '../frame/controller.ts';
import { podAddress } from '../observe/pod-facts.ts';
import type { PodToPoll } from '../report/polled-pod.ts';
import type { StatusSecret } from '../objects/status-secret.ts';
import type { PodCredentials } from '../report/status-client.ts';
import type { Look } from './look.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';

/** @param wanted the document that they should run */
export function followPods(
  { instance, key, pods }: Look,
  credentials: PodCredentials | undefined,
  wanted: string | undefined,
  { poller }: SbcInstancePorts,
): void {
  if (credentials === undefined) return;
  const port = instance.spec.observability.statusPort;
  const reachable = pods.flatMap((pod): PodToPoll[] => {
    const address = podAddress(pod);
    const { name, uid, deletionTimestamp } = pod.metadata;
    if (address === undefined || uid === undefined) return [];
    return [{ name, uid, address, port, ...(deletionTimestamp !== undefined && { isGoing: true }) }];
  });
  poller.follow(formatKey(key), { pods: reachable, credentials, wanted });
}

/** @param secret as it stands there */
export function credentialsFor(
  { instance, pods }: Look,
  secret: Pick<StatusSecret, 'crt' | 'token'> | undefined,
  { statusSecrets }: SbcInstancePorts,
): PodCredentials | undefined {
  const uids = pods.flatMap(({ metadata: { uid } }) => (uid === undefined ? [] : [uid]));
  return statusSecrets.credentials(instance, secret, uids);
}
