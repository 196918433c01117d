/** The images of an instance that names none. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';

/** Absent: the one of the release. */
export interface DefaultImages {
  readonly runtime?: string | undefined;
  readonly rtpengine?: string | undefined;
}

export function withImages(instance: SbcInstance, defaults: DefaultImages): SbcInstance {
  const { images } = instance.spec;
  const runtime = images.runtime ?? defaults.runtime;
  const rtpengine = images.rtpengine ?? defaults.rtpengine;
  return {
    ...instance,
    spec: {
      ...instance.spec,
      images: { ...(runtime !== undefined && { runtime }), ...(rtpengine !== undefined && { rtpengine }) },
    },
  };
}
