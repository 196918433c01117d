/** The images of the containers where the manifest names none. */
export const defaultImages = {
  runtime: 'ghcr.io/teams-sbc/sbc-runtime:0.1.0',
  rtpengine: 'ghcr.io/teams-sbc/rtpengine:0.1.0',
} as const;
