/** Whether RTPEngine takes commands: the runtime starts after that. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { Probe } from './kube-types.ts';

/**
 * A ping of its NG protocol from inside the container, for the port is on the loopback address and speaks UDP alone. bash
 * is in the image for this: it opens a UDP socket by itself.
 * Exactly the octets of the answer are asked for: bash reads a datagram whole only so.
 */
export function rtpengineStartupProbe(instance: SbcInstance): Probe {
  const port = String(instance.spec.media.controlPort);
  const steps = [
    `exec 3<>"/dev/udp/$CONTROL_ADDRESS/${port}"`,
    `printf '${cookie} d7:command4:pinge' >&3`,
    `read -r -N ${String(answer.length)} -t 1 found <&3`,
    `[[ $found == '${answer}' ]]`,
  ];
  return {
    exec: { command: ['bash', '-c', steps.join(' && ')] },
    periodSeconds: 1,
    timeoutSeconds: 2,
    failureThreshold: 60,
  };
}

const cookie = 'probe';
const answer = `${cookie} d6:result4:ponge`;
