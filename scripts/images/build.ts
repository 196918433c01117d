/** Puts the images together: layers in a workshop of its own, one OCI archive and one SBOM for each image. */
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { applicationOf, type Application } from './application.ts';
import { fillNodeLayer, fillSystemLayer, nodeProgram, pinnedNode } from './base-layers.ts';
import { copyPackaged, describe, recordPackages, withSharedObjects } from './debian.ts';
import type { ImageDefinition, NodeProgram } from './definitions.ts';
import { pack, packLayer, type Layer } from './layer.ts';
import { lockedPackage, parseLockfile, type Lockfile } from './lockfile.ts';
import { imageDocuments } from './oci.ts';
import { RootFileSystem } from './root-file-system.ts';
import { spdxDocument } from './spdx.ts';

export interface BuildRequest {
  /** Root of the checkout, with its node_modules. */
  readonly repository: string;
  /** Receives `<name>.tar` and `<name>.spdx.json`. */
  readonly output: string;
  /** Where large layers are kept between builds. */
  readonly kept: string;
  readonly registry: string;
  /** The images' tag, and what the programs in them call themselves. */
  readonly version: string;
}

export interface BuiltImage {
  readonly name: string;
  readonly reference: string;
  readonly digest: string;
  readonly layers: readonly Layer[];
  /** Of the archive. */
  readonly bytes: number;
}

/** A layer and what an SBOM says of it. */
interface Part {
  readonly layer: Layer;
  readonly debian: readonly string[];
}

export class ImageBuild {
  readonly #request: BuildRequest;
  readonly #workshop: string;
  readonly #lock: Lockfile;
  readonly #standing = new Set<string>();
  #system: Promise<Part> | undefined;
  #node: Promise<Part> | undefined;

  constructor(request: BuildRequest) {
    this.#request = request;
    this.#lock = parseLockfile(readFileSync(join(request.repository, 'package-lock.json'), 'utf8'));
    mkdirSync(request.output, { recursive: true });
    this.#workshop = mkdtempSync(join(request.output, '.build-'));
  }

  close(): void {
    rmSync(this.#workshop, { recursive: true, force: true });
  }

  async build(definition: ImageDefinition): Promise<BuiltImage> {
    const { repository, registry, version } = this.#request;
    const { name, node } = definition;
    const programs = node === undefined ? [] : [node.main, ...Object.values(node.commands)];
    const application = applicationOf(repository, this.#lock, programs);
    const system = await (this.#system ??= this.#systemLayer());
    const parts = [
      system,
      ...(node === undefined ? [] : [await (this.#node ??= this.#nodeLayer())]),
      ...(definition.programs.length === 0 ? [] : [await this.#programLayer(definition)]),
      ...(node === undefined ? [] : await this.#codeLayers(name, node, application)),
    ];
    const layers = parts.map(({ layer }) => layer);
    const reference = `${registry}/${name}:${version}`;
    const documents = imageDocuments(
      reference,
      {
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        entrypoint: definition.entrypoint,
        environment: definition.environment,
        workingDirectory: node === undefined ? '/' : '/app',
        labels: {
          'org.opencontainers.image.title': name,
          'org.opencontainers.image.description': definition.description,
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.licenses': definition.license,
        },
      },
      layers,
    );
    const bytes = this.#archive(name, documents.files, layers);
    const own = application.packages.filter(({ isWorkspace }) => isWorkspace);
    const runtime = node === undefined ? [] : [lockedPackage(this.#lock, pinnedNode())];
    const sbom = spdxDocument({
      image: { name, reference, digest: documents.digest, license: definition.license, version },
      debian: describe([...new Set(parts.flatMap(({ debian }) => debian))]),
      npm: [...application.packages.map((found) => (found.isWorkspace ? { ...found, version } : found)), ...runtime],
      roots: node === undefined ? [] : [...own.map(({ path }) => path), ...runtime.map((found) => found.path)],
    });
    writeFileSync(join(this.#request.output, `${name}.spdx.json`), `${JSON.stringify(sbom, null, 2)}\n`);
    return { name, reference, digest: documents.digest, layers, bytes };
  }

  #root(title: string): RootFileSystem {
    return new RootFileSystem(join(this.#workshop, title));
  }

  async #pack(title: string, root: RootFileSystem): Promise<Layer> {
    const layer = await packLayer({ title, folder: root.folder, workshop: this.#workshop, kept: this.#request.kept });
    rmSync(root.folder, { recursive: true });
    return layer;
  }

  async #systemLayer(): Promise<Part> {
    const root = this.#root('system');
    const debian = fillSystemLayer(root, nodeProgram(this.#request.repository), this.#standing);
    recordPackages(root, debian);
    return { layer: await this.#pack('system', root), debian };
  }

  async #nodeLayer(): Promise<Part> {
    const root = this.#root('node');
    fillNodeLayer(root, join(this.#request.repository, pinnedNode()));
    return { layer: await this.#pack('node', root), debian: [] };
  }

  async #programLayer({ name, programs }: ImageDefinition): Promise<Part> {
    const root = this.#root(`${name}-programs`);
    const debian = copyPackaged(root, withSharedObjects(programs), new Set(this.#standing));
    recordPackages(root, debian);
    return { layer: await this.#pack(`${name}-programs`, root), debian };
  }

  async #codeLayers(name: string, node: NodeProgram, application: Application): Promise<readonly Part[]> {
    const { repository, version } = this.#request;
    const dependencies = this.#root(`${name}-dependencies`);
    for (const path of application.dependencies) dependencies.copy(join('/app', path), join(repository, path));
    const code = this.#root(`${name}-code`);
    for (const path of application.code) code.copy(join('/app', path), join(repository, path));
    for (const workspace of application.packages.filter(({ isWorkspace }) => isWorkspace)) {
      code.version(join('/app', workspace.path, 'package.json'), version);
      // Node strips no types below node_modules, and looks where a link leads: the files are outside.
      code.link(join('/app/node_modules', workspace.name), join('../..', workspace.path));
    }
    for (const [command, program] of Object.entries(node.commands)) {
      code.text(`/usr/local/bin/${command}`, `#!/usr/local/bin/node\nawait import('/app/${program}');\n`, 0o755);
    }
    code.copy('/app/LICENSE', join(repository, 'LICENSE'));
    return [
      { layer: await this.#pack(`${name}-dependencies`, dependencies), debian: [] },
      { layer: await this.#pack(`${name}-code`, code), debian: [] },
    ];
  }

  #archive(name: string, files: ReadonlyMap<string, string>, layers: readonly Layer[]): number {
    const layout = join(this.#workshop, `${name}-layout`);
    for (const [path, content] of files) {
      mkdirSync(dirname(join(layout, path)), { recursive: true });
      writeFileSync(join(layout, path), content);
    }
    for (const { digest, blob } of layers) linkOrCopy(blob, join(layout, 'blobs/sha256', digest));
    const archive = join(this.#workshop, `${name}.tar`);
    pack(layout, archive, ['--mode=u=rwX,go=rX']);
    rmSync(layout, { recursive: true });
    const { size } = statSync(archive);
    renameSync(archive, join(this.#request.output, `${name}.tar`));
    return size;
  }
}

/** What is kept may be on another file system. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
