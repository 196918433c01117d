/** Which program of this machine stands for which image. */
import { join } from 'node:path';
import { repository } from './binaries.ts';

/** An image's program and its first arguments, which come before the container's. */
export type PodPrograms = (image: string) => readonly [string, ...string[]];

const node = process.execPath;

/** The product's images by the last part of their name; every other image fails. */
export const productPrograms: PodPrograms = (image) => {
  const name = /([^/:@]+)(?::[^/]*)?(?:@.*)?$/.exec(image)?.[1] ?? '';
  switch (name) {
    case 'runtime':
    case 'sbc-runtime':
      return [node, join(repository, 'sbc-runtime/src/main.ts')];
    case 'operator':
      return [node, join(repository, 'operator/src/cluster/main.ts')];
    case 'call-test':
      return [node, join(repository, 'test/call-test/main.ts')];
    case 'rtpengine':
      return ['rtpengine'];
    default:
      throw new Error(`Cannot run image ${image}: no program stands for it`);
  }
};
