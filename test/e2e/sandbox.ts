/**
 * A place of its own for the real stack: namespaces for network, mounts and processes, made by unshare(1).
 * All that is started in it ends with its first process, and its networks and mounts with that: nothing is
 * left behind, however it ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { isProgram, stackFolder } from '../stack/build.ts';
import { components } from '../stack/components.ts';

const mark = 'MODEL_MIRROR_SANDBOX';

/** Of the sandbox alone; in memory. */
export const scratch = '/run/model-mirror';

/** In place of /etc/hosts: the same file for whatever runs in the sandbox, and so it is written in place. */
export const hostsFile = join(scratch, 'hosts');

/** Where the image has the program, and so plugin.yaml looks for it. */
const programFolder = '/opt/model-mirror';
/** The stack's programs, where every user may run them: a home folder is closed to others. */
export const programs = '/opt/stack';
const root = join(import.meta.dirname, '../..');

/** Why the stack cannot run here; empty when it can. */
function findObstacles(): string[] {
  if (process.platform !== 'linux')
    return ['the real stack runs on Linux only: it lives in network namespaces of its own'];
  if (process.getuid?.() !== 0)
    return ['the real stack needs root: network namespaces, bridges and iptables are made by root only'];
  const obstacles = components
    .filter(({ name }) => !isProgram(join(stackFolder, name)))
    .map(({ name }) => `there is no ${name} in ${stackFolder}: npm run stack:build makes it`);
  if (!existsSync(join(root, 'dist/model-mirror.cjs')))
    obstacles.push('there is no dist/model-mirror.cjs: npm run build makes it');
  return obstacles;
}

export function isInSandbox(): boolean {
  return process.env[mark] === '1';
}

/**
 * Runs a script of this folder in a new sandbox, with this process's arguments, and ends with its exit code.
 * @param environment further variables for it.
 */
export async function runInSandbox(
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const obstacles = findObstacles();
  if (obstacles.length > 0) {
    for (const obstacle of obstacles) process.stderr.write(`${obstacle}\n`);
    return 3;
  }
  const words = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn(join(stackFolder, 'unshare'), [...words, process.execPath, script, ...process.argv.slice(2)], {
    env: { ...process.env, ...environment, [mark]: '1' },
    stdio: 'inherit',
  });
  // unshare itself lets no signal through; the sandbox says when it has ended.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => endFirst(child.pid));
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 70)));
}

/** Tells the sandbox's first process to end: the only child of unshare. */
function endFirst(pid: number | undefined): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  if (children !== '') process.kill(Number(children.split(' ')[0]), 'SIGTERM');
}

/** To be called once in the sandbox, before all else. */
export function furnish(): void {
  run('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  // What programs leave in their temporary folders ends with it too.
  const temporary = join(scratch, 'tmp');
  run('mkdir', ['-p', '/run/netns', temporary]);
  process.env['TMPDIR'] = temporary;
  copyFileSync('/etc/hosts', hostsFile);
  run('mount', ['--bind', hostsFile, '/etc/hosts']);
  run('mount', ['-t', 'tmpfs', 'tmpfs', dirname(programFolder)]);
  for (const [from, to] of [
    [root, programFolder],
    [stackFolder, programs],
  ] as const) {
    run('mkdir', [to]);
    run('mount', ['--bind', from, to]);
  }
  run('ip', ['link', 'set', 'lo', 'up']);
  process.env['PATH'] = [dirname(process.execPath), process.env['PATH']].join(delimiter);
}

/** @throws Error with what the program says. */
export function run(program: string, words: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
