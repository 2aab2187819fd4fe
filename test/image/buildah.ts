/** Buildah, which builds images without a daemon; and what it is to leave nothing of but the images themselves. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CommandFailure, run } from '../stack/run-command.ts';
import { imageFolder } from './image.ts';

/** @throws Error with what one can do about it. */
export function needBuildah(): void {
  if (hasProgram('buildah')) return;
  const advice = 'building the image needs buildah: on Debian, apt-get install buildah';
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) throw new Error(advice);
  apt('install', '-y', '--no-install-recommends', 'buildah');
}

/** apt-get, a second time with its lists renewed where it fails: they may be old, or missing. @throws CommandFailure */
export function apt(...words: readonly string[]): void {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    run('apt-get', ['-qq', ...words], { env });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    run('apt-get', ['-qq', 'update'], { env });
    run('apt-get', ['-qq', ...words], { env });
  }
}

function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

export class Buildah {
  /** For what is only needed while this is: gone with `close`. */
  readonly scratch: string;
  readonly #words: readonly string[];

  constructor() {
    mkdirSync(imageFolder, { recursive: true });
    this.scratch = mkdtempSync(join(imageFolder, 'unfinished-'));
    mkdirSync(join(this.scratch, 'var-lib'));
    // Images are in the kept folder, and what is needed to build them is in the scratch one.
    const places = ['--root', join(imageFolder, 'storage'), '--runroot', join(this.scratch, 'run')];
    this.#words = [...places, '--storage-driver', 'vfs'];
  }

  /** @returns what it prints. @throws CommandFailure */
  run(...words: readonly string[]): string {
    // It writes a cache of its own into /var/lib, and mounts: in a namespace, neither stays.
    const own = 'mount --bind "$1" /var/lib; shift; exec buildah "$@"';
    const contained = ['--mount', 'sh', '-e', '-c', own, 'sh', join(this.scratch, 'var-lib')];
    return run('unshare', [...contained, ...this.#words, ...words], { env: { TMPDIR: this.scratch } }).trim();
  }

  hasImage(name: string): boolean {
    return this.run('images', '--format', '{{.Name}}:{{.Tag}}').split('\n').includes(name);
  }

  /** Removes its containers, and images without a name. */
  close(): void {
    try {
      this.run('rm', '--all');
      this.run('rmi', '--prune', '--force');
    } finally {
      rmSync(this.scratch, { recursive: true, force: true });
    }
  }
}
