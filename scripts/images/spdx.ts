/** The software bill of materials of an image: SPDX 2.3. Pure, and the same for the same image. */
import type { DebianPackage } from './debian.ts';
import type { LockedPackage } from './lockfile.ts';

export interface BillRequest {
  readonly image: {
    readonly name: string;
    readonly reference: string;
    /** Of the manifest. */
    readonly digest: string;
    readonly license: string;
    readonly version: string;
  };
  readonly debian: readonly DebianPackage[];
  readonly npm: readonly LockedPackage[];
  /** Paths in `npm` of what the image runs. */
  readonly roots: readonly string[];
}

export interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly licenseConcluded: string;
  readonly licenseDeclared: string;
  readonly copyrightText: string;
  readonly primaryPackagePurpose?: string;
  readonly supplier?: string;
  readonly sourceInfo?: string;
  readonly checksums?: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  readonly externalRefs?: readonly {
    readonly referenceCategory: string;
    readonly referenceType: string;
    readonly referenceLocator: string;
  }[];
}

export interface SpdxDocument {
  readonly spdxVersion: 'SPDX-2.3';
  readonly dataLicense: 'CC0-1.0';
  readonly SPDXID: 'SPDXRef-DOCUMENT';
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: string;
    readonly relatedSpdxElement: string;
  }[];
}

const imageId = 'SPDXRef-Image';

export function spdxDocument({ image, debian, npm, roots }: BillRequest): SpdxDocument {
  const idOf = (path: string) => `SPDXRef-npm-${escaped(path)}`;
  const packages = [...debian.map(debianPackage), ...npm.map((found) => npmPackage(found, idOf(found.path)))];
  const relation = (spdxElementId: string, relationshipType: string, relatedSpdxElement: string) => ({
    spdxElementId,
    relationshipType,
    relatedSpdxElement,
  });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: image.reference,
    // Unique for what it describes: the image's own digest.
    documentNamespace: `https://teams-sbc.dev/spdx/${image.name}/${image.version}/${image.digest.replace(':', '-')}`,
    // The clock would make another document of the same image.
    creationInfo: { created: '1970-01-01T00:00:00Z', creators: ['Tool: teams-sbc-make-images'] },
    packages: [imagePackage(image), ...packages],
    relationships: [
      relation('SPDXRef-DOCUMENT', 'DESCRIBES', imageId),
      ...packages.map(({ SPDXID }) => relation(imageId, 'CONTAINS', SPDXID)),
      ...roots.map((path) => relation(imageId, 'DEPENDS_ON', idOf(path))),
      ...npm.flatMap(({ path, needs }) => needs.map((need) => relation(idOf(path), 'DEPENDS_ON', idOf(need)))),
    ],
  };
}

function imagePackage({ name, reference, digest, license, version }: BillRequest['image']): SpdxPackage {
  const [repository = reference] = reference.split(/:[^:/]*$/);
  return {
    ...unknown,
    SPDXID: imageId,
    name: repository,
    versionInfo: version,
    licenseDeclared: license,
    primaryPackagePurpose: 'CONTAINER',
    checksums: [{ algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) }],
    externalRefs: [
      purl(
        `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(repository)}&tag=${version}`,
      ),
    ],
  };
}

function debianPackage({ name, version, architecture, source, sourceVersion }: DebianPackage): SpdxPackage {
  const query = `arch=${architecture}&distro=debian-12`;
  return {
    ...unknown,
    SPDXID: `SPDXRef-deb-${escaped(name)}`,
    name,
    versionInfo: version,
    supplier: 'Organization: Debian',
    sourceInfo: `built from ${source} ${sourceVersion}; licences in /usr/share/doc/${name}/copyright`,
    externalRefs: [purl(`pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${query}`)],
  };
}

function npmPackage(found: LockedPackage, SPDXID: string): SpdxPackage {
  const { name, version, license, integrity, isWorkspace } = found;
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  return {
    ...unknown,
    SPDXID,
    name,
    versionInfo: version,
    licenseDeclared: license ?? unknown.licenseDeclared,
    ...(isWorkspace ? {} : { downloadLocation: `https://registry.npmjs.org/${name}/-/${file}` }),
    ...(integrity === undefined ? {} : { checksums: [checksum(integrity)] }),
    externalRefs: [
      purl(`pkg:npm/${name.replace('@', '%40')}@${version}`),
      ...(name.startsWith('node-linux-') ? [cpe(`cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`)] : []),
    ],
  };
}

const unknown = {
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const;

function purl(referenceLocator: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator };
}

function cpe(referenceLocator: string) {
  return { referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator };
}

/** `sha512-<base64>` of the lock → SPDX. */
function checksum(integrity: string) {
  const [algorithm = '', value = ''] = integrity.split('-', 2);
  return { algorithm: algorithm.toUpperCase(), checksumValue: Buffer.from(value, 'base64').toString('hex') };
}

/** An SPDXID holds letters, digits, dots and dashes. */
function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/g, '-');
}
