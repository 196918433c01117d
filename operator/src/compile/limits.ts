/** Teams: an SBC's name has at most 63 characters (docs/teams-direct-routing.md, D9). */
export const maxFqdnLength = 63;
