/** Where things stand inside the runtime's container. */
export const paths = {
  state: '/etc/teams-sbc/state',
  secrets: '/etc/teams-sbc/secrets',
  trust: '/etc/teams-sbc/trust',
  run: '/run/teams-sbc',
  adminSocket: '/run/teams-sbc/admin.sock',
  /** Kept by the kubelet: the machine's names and `network.hostAliases`. */
  hosts: '/etc/hosts',
} as const;
