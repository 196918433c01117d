/** The layers that stand below our code: what of Debian all images share, and Node as npm pins it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyPackaged, filesOf, withSharedObjects } from './debian.ts';
import type { RootFileSystem } from './root-file-system.ts';

const passwd = `root:x:0:0:root:/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
nonroot:x:65532:65532:nonroot:/nonexistent:/usr/sbin/nologin
`;
const group = 'root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n';
/** glibc asks DNS and files by itself; for others it would load libraries that are not there. */
const nsswitch = 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n';
const openssl = '[req]\ndistinguished_name = subject\n[subject]\n';

/** `node`: the program whose libraries these are. Answers the packages. */
export function fillSystemLayer(root: RootFileSystem, node: string, standing: Set<string>): readonly string[] {
  for (const folder of ['bin', 'lib', 'lib64', 'sbin']) {
    root.directory(`/usr/${folder}`);
    root.link(`/${folder}`, `usr/${folder}`);
  }
  for (const folder of ['/dev', '/etc', '/home', '/proc', '/run', '/sys', '/usr/local/bin', '/var/tmp'])
    root.directory(folder);
  root.directory('/tmp', 0o1777);
  root.text('/etc/passwd', passwd);
  root.text('/etc/group', group);
  root.text('/etc/nsswitch.conf', nsswitch);
  root.text('/etc/ssl/openssl.cnf', openssl);
  root.text('/etc/ssl/certs/ca-certificates.crt', authorities());
  root.link('/usr/lib/ssl/openssl.cnf', '/etc/ssl/openssl.cnf');
  root.link('/usr/lib/ssl/certs', '/etc/ssl/certs');
  root.link('/etc/os-release', '../usr/lib/os-release');
  const paths = [
    ...withSharedObjects([node]).filter((path) => path !== node),
    '/usr/lib/os-release',
    '/etc/debian_version',
    ...filesOf('base-files', (path) => path.startsWith('/usr/share/common-licenses/')),
  ];
  return [...copyPackaged(root, paths, standing), 'ca-certificates'];
}

/** Those of the package alone: what somebody added to this machine is nobody else's to trust. */
function authorities(): string {
  return filesOf('ca-certificates', (path) => path.startsWith('/usr/share/ca-certificates/') && path.endsWith('.crt'))
    .map((path) => readFileSync(path, 'utf8').trim())
    .join('\n')
    .concat('\n');
}

export function fillNodeLayer(root: RootFileSystem, folder: string): void {
  root.copy('/usr/local/bin/node', join(folder, 'bin/node'), 0o755);
  root.copy('/usr/share/doc/node/LICENSE', join(folder, 'LICENSE'));
}

/** The package that npm pins for this machine, below the repository. */
export function pinnedNode(): string {
  return `node_modules/node-linux-${process.arch}`;
}

export function nodeProgram(repository: string): string {
  const path = join(repository, pinnedNode(), 'bin/node');
  if (!existsSync(path)) throw new Error(`Cannot find ${path}: run \`make setup\``);
  return path;
}
