/** The documents of an OCI image layout (image-spec 1.1). Pure. */
import { createHash } from 'node:crypto';
import type { Layer } from './layer.ts';

/** Of a container of the image, as `config` of the image's configuration names it. */
export interface ContainerConfig {
  /** As Go names it, and with it every registry: amd64, arm64. */
  readonly architecture: string;
  readonly entrypoint: readonly string[];
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageDocuments {
  /** Digest of the manifest: what `image@sha256:…` names. */
  readonly digest: string;
  /** Path in the layout → content; the layers are to be added under `blobs/sha256/<digest>`. */
  readonly files: ReadonlyMap<string, string>;
}

const epoch = '1970-01-01T00:00:00Z';
const nonRoot = '65532:65532';

export function imageDocuments(reference: string, config: ContainerConfig, layers: readonly Layer[]): ImageDocuments {
  const configuration = JSON.stringify({
    created: epoch,
    architecture: config.architecture,
    os: 'linux',
    config: {
      User: nonRoot,
      Env: config.environment,
      Entrypoint: config.entrypoint,
      WorkingDir: config.workingDirectory,
      Labels: config.labels,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
    history: layers.map(({ title }) => ({ created: epoch, created_by: `make images: ${title}` })),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', configuration),
    layers: layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: `sha256:${digest}`,
      size,
    })),
  });
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        platform: { architecture: config.architecture, os: 'linux' },
        // containerd takes the first for the image's name, skopeo and podman the second for its tag.
        annotations: {
          'io.containerd.image.name': reference,
          'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
        },
      },
    ],
  };
  const blob = (content: string) => `blobs/sha256/${sha256(content)}`;
  // What `docker load` reads up to Docker 24; the others read the index.
  const dockerArchive = [
    {
      Config: blob(configuration),
      RepoTags: [reference],
      Layers: layers.map(({ digest }) => `blobs/sha256/${digest}`),
    },
  ];
  return {
    digest: `sha256:${sha256(manifest)}`,
    files: new Map([
      ['oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })],
      ['index.json', JSON.stringify(index)],
      ['manifest.json', JSON.stringify(dockerArchive)],
      [blob(manifest), manifest],
      [blob(configuration), configuration],
    ]),
  };
}

function descriptor(mediaType: string, content: string) {
  return { mediaType, digest: `sha256:${sha256(content)}`, size: Buffer.byteLength(content) };
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
