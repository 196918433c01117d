/** Which files of a package from the registry go into an image. Pure. */

/** `.bare`: native code of another runtime than Node, for a dozen systems. */
const foreignFolders = /^(\.[^/]+|tests?|__tests__|examples?|docs|benchmarks?|coverage)\//;
const foreignFiles =
  /(\.(ts|mts|cts|tsx|map|flow|md|markdown|bare)|\.(test|spec)\.[cm]?js|(^|\/)\.[^/]+|(^|\/)Makefile)$/i;
/** Licences ask for copies of themselves. */
const legalFiles = /(^|\/)(licen[cs]es?|notice|copying|authors|patents)([.-][^/]*)?$/i;

/** `path`: below the folder of a package from the registry. Types, maps, tests and documentation run nowhere. */
export function isWantedOfPackage(path: string): boolean {
  if (/(^|\/)node_modules\//.test(path)) return false;
  return legalFiles.test(path) || (!foreignFolders.test(path) && !foreignFiles.test(path));
}
