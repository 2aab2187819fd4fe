/**
 * Builds, into a folder that is kept (MODEL_MIRROR_STACK, or ~/.cache/model-mirror/stack), the programs
 * of the real stack that tests run against. What is there already, from the same sources, is left alone.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A Go program, from a go.mod of its own beside this file. */
interface GoComponent {
  readonly kind: 'go';
  /** Of the program, and of the folder with go.mod and go.sum. */
  readonly name: string;
  readonly package: string;
  /** What the linker sets (`-X`), by the variable's name. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A program of the machine. */
interface SystemComponent {
  readonly kind: 'system';
  readonly name: string;
  readonly debianPackage: string;
}

type Component = GoComponent | SystemComponent;

const version = 'k8s.io/component-base/version';

const components: readonly Component[] = [
  {
    kind: 'go',
    name: 'kube-apiserver',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    // It would take itself for version 0.0 and refuse to work with its own features.
    variables: { [`${version}.gitVersion`]: 'v1.36.1', [`${version}.gitMajor`]: '1', [`${version}.gitMinor`]: '36' },
  },
  { kind: 'system', name: 'etcd', debianPackage: 'etcd-server' },
  { kind: 'go', name: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5' },
];

/** Where the programs are: a KUBEBUILDER_ASSETS. */
export const stackFolder = process.env['MODEL_MIRROR_STACK'] ?? join(homedir(), '.cache/model-mirror/stack');

class NotBuilt extends Error {}

/** @throws NotBuilt with what one can do about it. */
export function buildStack(): void {
  mkdirSync(stackFolder, { recursive: true });
  for (const component of components)
    if (component.kind === 'go') buildGo(component);
    else linkSystem(component);
}

function buildGo({ name, package: source, variables = {} }: GoComponent): void {
  const folder = join(import.meta.dirname, name);
  const flags = Object.entries(variables).map(([variable, value]) => ` -X ${variable}=${value}`);
  const words = ['build', '-trimpath', `-ldflags=-s -w${flags.join('')}`, '-o'];
  const sources = ['go.mod', 'go.sum'].map((file) => readFileSync(join(folder, file)));
  const stamp = createHash('sha256').update(JSON.stringify(words));
  for (const content of sources) stamp.update(content);
  const wanted = stamp.digest('hex');
  const program = join(stackFolder, name);
  const stampFile = `${program}.sha256`;
  if (isProgram(program) && readIfThere(stampFile) === wanted) return;
  if (findProgram('go') === undefined)
    throw new NotBuilt(`${name} is built with Go, and there is no go on the PATH: see https://go.dev/doc/install`);
  say(`building ${name}; the first time takes some minutes`);
  // Under a name of its own until it is whole: somebody may be running the old one.
  const unfinished = `${program}.${process.pid}`;
  try {
    execFileSync('go', [...words, unfinished, source], {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    renameSync(unfinished, program);
  } catch {
    throw new NotBuilt(`${name} was not built: go has said why above`);
  } finally {
    rmSync(unfinished, { force: true });
  }
  writeFileSync(stampFile, wanted);
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
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', debianPackage], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    throw new NotBuilt(`${debianPackage} cannot be installed (is apt-get update missing?); ${advice}`);
  }
  const place = findProgram(name);
  if (place === undefined) throw new NotBuilt(advice);
  return place;
}

function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
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
    buildStack();
  } catch (error) {
    if (!(error instanceof NotBuilt)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
