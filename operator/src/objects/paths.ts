/** Where things stand inside the runtime's container. */
export const paths = {
  state: '/etc/teams-sbc/state',
  secrets: '/etc/teams-sbc/secrets',
  trust: '/etc/teams-sbc/trust',
  run: '/run/teams-sbc',
  adminSocket: '/run/teams-sbc/admin.sock',
  /** What a runtime that was killed needs to go on with its calls; keys of media stand in it. */
  journal: '/run/teams-sbc-journal',
  /** Kept by the kubelet: the machine's names and `network.hostAliases`. */
  hosts: '/etc/hosts',
} as const;

/** Besides, in a cluster. */
export const clusterPaths = {
  /** What the mirror writes, laid out as the directories above: the runtime reads these in a cluster. */
  mirror: {
    state: '/run/teams-sbc/mirror/state',
    secrets: '/run/teams-sbc/mirror/secrets',
    trust: '/run/teams-sbc/mirror/trust',
  },
  /** Certificate, key and token of the status endpoint. */
  status: '/etc/teams-sbc/status',
  /** Where every client of the API looks for its token. */
  serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
} as const;
