/**
 * The image that the Dockerfile begins with, where no registry of images is asked: Debian's packages, unpacked, with Node and npm
 * from their npm packages, where Node's own image has them. Nothing in it has been configured, as no script of a package runs:
 * that takes a tenth of the time of a whole installation, and half the room.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from '../stack/run-command.ts';
import type { Buildah } from './buildah.ts';
import { apt } from './buildah.ts';
import { imageFolder, readBaseName, root } from './image.ts';

/**
 * What the image's parts call (sh and grep in plugin.yaml, find, ln and chmod in the Dockerfile, setpriv in containers), the
 * libraries that Node is linked with, and programs with the set-user-ID bit, as Node's image has them.
 */
const packages = [
  ...['base-files', 'base-passwd', 'coreutils', 'dash', 'findutils', 'grep'],
  ...['libatomic1', 'libstdc++6', 'login', 'mount', 'passwd', 'util-linux'],
];

export function nodeVersion(): string {
  const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string } | undefined>>;
  };
  const version = lockfile.packages['node_modules/node']?.version;
  if (version === undefined) throw new Error('package-lock.json has no node');
  return version;
}

/** Does nothing when the same one is there. @returns whether it was made. */
export function makeBase(buildah: Buildah): boolean {
  const name = `localhost/${readBaseName()}`;
  const npm = `npm@${run('npm', ['--version']).trim()}`;
  const node = `node-linux-${process.arch}@${nodeVersion()}`;
  const system = readFileSync('/etc/os-release', 'utf8');
  const stamp = createHash('sha256')
    .update(JSON.stringify([name, packages, npm, node, system]))
    .update(readFileSync(import.meta.filename))
    .digest('hex');
  const stampFile = join(imageFolder, 'base.sha256');
  if (readIfThere(stampFile) === stamp && buildah.hasImage(name)) return false;
  const container = buildah.run('from', '--pull-never', 'scratch');
  const place = buildah.run('mount', container);
  unpackPackages(buildah, place);
  unpackNode(buildah, place, node, npm);
  buildah.run('umount', container);
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  buildah.run('config', '--env', `PATH=${path}`, '--cmd', 'node', container);
  buildah.run('commit', '--rm', '--quiet', container, name);
  writeFileSync(stampFile, stamp);
  return true;
}

/** By apt-get as it is configured here, for a system without any package. */
function unpackPackages({ scratch }: Buildah, place: string): void {
  const state = join(scratch, 'dpkg-status');
  const cache = join(scratch, 'apt');
  mkdirSync(join(cache, 'archives/partial'), { recursive: true });
  writeFileSync(state, '');
  const options = [`Dir::State::Status=${state}`, `Dir::Cache=${cache}`, 'APT::Sandbox::User=root'];
  const words = options.flatMap((option) => ['-o', option]);
  apt(...words, 'install', '-y', '--download-only', '--no-install-recommends', ...packages);
  // Debian's layout since 12, which packages do not bring themselves.
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(place, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(place, folder));
  }
  const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink';
  const archives = readdirSync(join(cache, 'archives')).filter((file) => file.endsWith('.deb'));
  for (const file of archives)
    run('bash', ['-o', 'pipefail', '-c', unpack, 'bash', join(cache, 'archives', file), place]);
  for (const file of ['passwd', 'group'])
    copyFileSync(join(place, `usr/share/base-passwd/${file}.master`), join(place, 'etc', file));
  // As base-files would, when it is configured.
  rmdirSync(join(place, 'var/run'));
  symlinkSync('/run', join(place, 'var/run'));
  // Without it, C's library asks DNS before it looks into /etc/hosts.
  writeFileSync(join(place, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** Where Node's own image has them. */
function unpackNode({ scratch }: Buildah, place: string, node: string, npm: string): void {
  const local = join(place, 'usr/local');
  const fetch = (name: string): string => {
    const folder = join(scratch, name);
    mkdirSync(folder);
    run('npm', ['pack', '--silent', name], { cwd: folder });
    const [file = ''] = readdirSync(folder);
    run('tar', ['-x', '-z', '-f', file, '--no-same-owner'], { cwd: folder });
    return join(folder, 'package');
  };
  const from = fetch(node);
  for (const folder of ['bin', 'etc']) mkdirSync(join(local, folder), { recursive: true });
  for (const file of ['bin/node', 'LICENSE', 'README.md', 'CHANGELOG.md', 'include', 'share'])
    cpSync(join(from, file), join(local, file), { recursive: true });
  cpSync(fetch(npm), join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
