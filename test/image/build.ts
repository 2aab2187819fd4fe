/**
 * Builds the image of `plugin/Dockerfile` from what is committed, without a daemon and without a registry of images, and unpacks
 * it: in a folder that is kept, where it is found again as long as nothing of it has changed.
 */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../stack/run-command.ts';
import { makeBase } from './base.ts';
import { Buildah, needBuildah } from './buildah.ts';
import type { Image, ImageConfig } from './image.ts';
import { dockerfile, findChanges, findImage, imageFolder, readInputs, root, toImageStamp } from './image.ts';

/** @returns the image. @throws Error with what one can do about it. */
export function buildImage(say: (line: string) => void): Image {
  const changes = findChanges();
  if (changes !== '') throw new Error(`the image is built of what is committed, and this is not:\n${changes}`);
  const there = findImage();
  if (typeof there !== 'string') {
    say('the image is there already');
    return there;
  }
  if (process.getuid?.() !== 0) throw new Error('building the image needs root, as its files have owners');
  needBuildah();
  const buildah = new Buildah();
  try {
    const before = performance.now();
    say(makeBase(buildah) ? `made the base image in ${toSeconds(before)} s` : 'the base image is there already');
    const started = performance.now();
    makeImage(buildah);
    say(`built the image in ${toSeconds(started)} s`);
  } finally {
    buildah.close();
  }
  const image = findImage();
  if (typeof image === 'string') throw new Error(image);
  return image;
}

function makeImage(buildah: Buildah): void {
  const stamp = toImageStamp();
  const [context, unfinished] = [join(buildah.scratch, 'context'), join(buildah.scratch, 'rootfs')];
  mkdirSync(context);
  const archive = 'git archive HEAD -- "$@" | tar -x -C "$0"';
  run('bash', ['-o', 'pipefail', '-c', archive, context, ...readInputs()], { cwd: root });
  const idFile = join(buildah.scratch, 'id');
  buildah.run(
    ...['bud', '--isolation', 'chroot', '--pull-never', '--layers=false', '--iidfile', idFile],
    ...toNpmVolumes(buildah.scratch).flatMap((volume) => ['--volume', volume]),
    ...['--file', join(context, dockerfile), context],
  );
  const id = readFileSync(idFile, 'utf8').trim();
  const container = buildah.run('from', '--pull-never', id);
  run('cp', ['-a', buildah.run('mount', container), unfinished]);
  const described = JSON.parse(buildah.run('inspect', '--type', 'image', id)) as {
    readonly OCIv1: { readonly config: ImageConfig };
  };
  buildah.run('umount', container);
  buildah.run('rm', container);
  buildah.run('rmi', id);
  const [place, file] = [join(imageFolder, 'rootfs'), join(imageFolder, 'image.json')];
  rmSync(file, { force: true });
  rmSync(place, { recursive: true, force: true });
  renameSync(unfinished, place);
  writeFileSync(file, JSON.stringify({ stamp, config: described.OCIv1.config }));
}

/**
 * npm in the image reaches what npm reaches here, in the same way: its settings and the credentials that go with them are
 * mounted while it builds, and so are in no layer. So is npm's cache. The places of both are there in Node's image, and stay empty.
 */
function toNpmVolumes(scratch: string): readonly string[] {
  const setting = (name: string) => {
    const value = run('npm', ['config', 'get', name]).trim();
    return ['', 'null', 'undefined'].includes(value) ? undefined : value;
  };
  const [settingsInside, cacheInside] = ['/usr/local/etc', '/var/cache'];
  const folder = join(scratch, 'npm');
  mkdirSync(folder, { mode: 0o700 });
  const own = ['registry', 'https-proxy', 'proxy', 'noproxy', 'strict-ssl'].flatMap((name) => {
    const value = setting(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const files = ['globalconfig', 'userconfig'].flatMap((name) => setting(name) ?? []);
  const scoped = files.flatMap((file) => readLines(file).filter((line) => /^(?:\/\/|@[^=]*:registry)/.test(line)));
  const certificates = setting('cafile') ?? process.env['NODE_EXTRA_CA_CERTS'];
  if (certificates !== undefined) {
    cpSync(certificates, join(folder, 'certificates.pem'), { dereference: true });
    own.push(`cafile=${settingsInside}/certificates.pem`);
  }
  writeFileSync(join(folder, 'npmrc'), [...scoped, ...own, `cache=${cacheInside}`, ''].join('\n'), { mode: 0o600 });
  const cache = setting('cache') ?? join(scratch, 'npm-cache');
  mkdirSync(cache, { recursive: true });
  return [`${folder}:${settingsInside}:ro`, `${cache}:${cacheInside}`];
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function toSeconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
