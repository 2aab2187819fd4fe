/**
 * Where the image of `plugin/Dockerfile` is kept (beside the programs of the real stack), and whether it is of what is checked out.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import { CommandFailure, run } from '../stack/run-command.ts';

export const root = join(import.meta.dirname, '../..');
export const imageFolder = join(stackFolder, 'image');
export const dockerfile = 'plugin/Dockerfile';

const builders = ['test/image/base.ts', 'test/image/build.ts'];

/** What a container of the image starts with (OCI image specification, config). */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
}

export interface Image {
  /** Its root file system: a folder. */
  readonly root: string;
  readonly config: ImageConfig;
}

/** The files and folders that the Dockerfile copies from the repository, and itself. */
export function readInputs(): readonly string[] {
  const text = readFileSync(join(root, dockerfile), 'utf8');
  const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
  return [...new Set([dockerfile, ...copied])].sort();
}

/** The one image that all stages of the Dockerfile begin with. */
export function readBaseName(): string {
  const text = readFileSync(join(root, dockerfile), 'utf8');
  const names = new Set([...text.matchAll(/^FROM (\S+)/gm)].map(([, name = '']) => name));
  names.delete('scratch');
  const [name = '', ...others] = names;
  if (name === '' || others.length > 0) throw new Error(`${dockerfile} has not one base image: ${[...names]}`);
  return name;
}

/** Of the inputs and of what builds it, as they are committed. @throws CommandFailure where this is no clone. */
export function toImageStamp(): string {
  const listing = run('git', ['ls-tree', '-r', 'HEAD', '--', ...readInputs(), ...builders], { cwd: root });
  return createHash('sha256').update(listing).digest('hex');
}

/** @returns the inputs that are not as they are committed. */
export function findChanges(): string {
  return run('git', ['status', '--porcelain', '--', ...readInputs()], { cwd: root }).trimEnd();
}

/** @returns the image, where it is there and of what is checked out; otherwise why not. */
export function findImage(): Image | string {
  try {
    const changes = findChanges();
    if (changes !== '') return `these changes are not in the image:\n${changes}`;
    const { stamp, config } = JSON.parse(readFileSync(join(imageFolder, 'image.json'), 'utf8')) as {
      readonly stamp: string;
      readonly config: ImageConfig;
    };
    return stamp === toImageStamp()
      ? { root: join(imageFolder, 'rootfs'), config }
      : 'the image is of another commit: npm run test:image builds it again';
  } catch (error) {
    if (error instanceof CommandFailure) return 'this is no clone, so an image of it is not known';
    return 'there is no image: npm run test:image builds it';
  }
}
