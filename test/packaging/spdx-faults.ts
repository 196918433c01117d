/** What SPDX 2.3 demands of a document (spdx.github.io/spdx-spec/v2.3, clauses 6, 7 and 11), asked of ours. */
import type { SpdxDocument, SpdxPackage } from '../../scripts/images/spdx.ts';

const algorithms = new Map([
  ['SHA1', 40],
  ['SHA256', 64],
  ['SHA384', 96],
  ['SHA512', 128],
]);
const referenceTypes = new Map([
  ['purl', 'PACKAGE-MANAGER'],
  ['cpe23Type', 'SECURITY'],
]);
const purposes = new Set(['APPLICATION', 'FRAMEWORK', 'LIBRARY', 'CONTAINER', 'OPERATING-SYSTEM', 'FILE', 'OTHER']);
const relationships = new Set(['DESCRIBES', 'CONTAINS', 'DEPENDS_ON']);
/** Of the SPDX licence list: those that occur. */
const licences = new Set([
  ...[
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BlueOak-1.0.0',
    'CC0-1.0',
    'GPL-3.0-or-later',
    'ISC',
    'MIT',
  ],
  ...['PSF-2.0', 'Python-2.0', 'Unlicense'],
]);
const none = new Set(['NOASSERTION', 'NONE']);

/** One line for each fault, the field first. */
export function spdxFaults(document: SpdxDocument): readonly string[] {
  const { creationInfo, packages } = document;
  const ids = [document.SPDXID, ...packages.map(({ SPDXID }) => SPDXID)];
  const known = new Set<string>(ids);
  return [
    ...fault('spdxVersion', document.spdxVersion, (value) => value === 'SPDX-2.3'),
    ...fault('dataLicense', document.dataLicense, (value) => value === 'CC0-1.0'),
    ...fault('SPDXID', document.SPDXID, (value) => value === 'SPDXRef-DOCUMENT'),
    ...fault('name', document.name, (value) => value !== ''),
    // 6.5: an absolute URI without a fragment.
    ...fault('documentNamespace', document.documentNamespace, (value) => URL.canParse(value) && !value.includes('#')),
    ...fault('created', creationInfo.created, (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)),
    ...fault('creators', creationInfo.creators.join(), (value) => /^(Tool|Person|Organization): \S/.test(value)),
    ...packages.flatMap(packageFaults),
    ...ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `SPDXID: ${id} is there twice`),
    ...document.relationships.flatMap(({ spdxElementId, relationshipType, relatedSpdxElement }) => [
      ...fault('relationshipType', relationshipType, (value) => relationships.has(value)),
      ...fault('spdxElementId', spdxElementId, (value) => known.has(value)),
      ...fault('relatedSpdxElement', relatedSpdxElement, (value) => known.has(value)),
    ]),
    ...fault(
      'relationships',
      document.relationships
        .map(({ spdxElementId, relationshipType }) => `${spdxElementId} ${relationshipType}`)
        .join(),
      (value) => value.includes('SPDXRef-DOCUMENT DESCRIBES'),
    ),
  ];
}

function packageFaults(found: SpdxPackage): readonly string[] {
  return [
    ...fault('SPDXID', found.SPDXID, (value) => /^SPDXRef-[A-Za-z0-9.-]+$/.test(value)),
    ...fault('name', found.name, (value) => value !== '' && !value.includes('\n')),
    ...fault('versionInfo', found.versionInfo, (value) => value !== ''),
    ...fault('downloadLocation', found.downloadLocation, (value) => none.has(value) || URL.canParse(value)),
    ...fault('licenseConcluded', found.licenseConcluded, isLicence),
    ...fault('licenseDeclared', found.licenseDeclared, isLicence),
    ...fault('copyrightText', found.copyrightText, (value) => value !== ''),
    ...fault('supplier', found.supplier ?? 'NOASSERTION', (value) =>
      /^(NOASSERTION|(Person|Organization): \S.*)$/.test(value),
    ),
    ...fault('primaryPackagePurpose', found.primaryPackagePurpose ?? 'OTHER', (value) => purposes.has(value)),
    ...(found.checksums ?? []).flatMap(({ algorithm, checksumValue }) =>
      fault(
        'checksums',
        `${algorithm} ${checksumValue}`,
        () => algorithms.get(algorithm) === checksumValue.length && /^[0-9a-f]+$/.test(checksumValue),
      ),
    ),
    ...(found.externalRefs ?? []).flatMap(({ referenceCategory, referenceType, referenceLocator }) => [
      ...fault('referenceCategory', referenceCategory, (value) => referenceTypes.get(referenceType) === value),
      ...fault('referenceLocator', referenceLocator, (value) => /^(pkg:[a-z]+\/|cpe:2\.3:)\S+$/.test(value)),
    ]),
  ];
}

/** An expression of annex D, as far as it occurs: identifiers joined by AND and OR. */
function isLicence(value: string): boolean {
  return none.has(value) || value.split(/ (?:AND|OR) /).every((part) => licences.has(part.replace(/^\(+|\)+$/g, '')));
}

function fault(field: string, value: string, isGood: (value: string) => boolean): readonly string[] {
  return isGood(value) ? [] : [`${field}: ${value} is not what SPDX 2.3 allows`];
}
