/**
 * How long the watcher's first look at a branch takes, and how much memory, beside git itself: `npm run bench:fetch`.
 *
 * One repository has ten thousand models with a status file and a policy each; one has 250 MB of binaries beside three
 * models; one has a history of 500,000 commits and 40,000 other branches; one has 100,000 small files that nobody reads.
 * Each is read from a host that leaves files out of a fetch, and from one that does not.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitBranch } from '../../src/io/git/branch.ts';
import { toFetchLimit } from '../../src/io/git/fetch-limit.ts';
import { openTransport } from '../../src/io/git/transports.ts';
import { keepMemorySmall } from '../../src/io/process/memory.ts';
import { BranchFiles } from '../../src/watch/branch-files.ts';
import { serveFolder } from './git-server.ts';
import { importInto, listModels, toCommit } from './model-stream.ts';
import type { Case } from './race.ts';
import { race } from './race.ts';

const [task, argument = ''] = process.argv.slice(2);
if (task === 'read') await read(argument);
else await compare();

async function compare(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'model-mirror-bench-'));
  const { url, stop } = await serveFolder(root);
  try {
    const repositories = [
      ['10,000 models', 'models', writeModels(10_000), 5],
      ['250 MB of binaries beside 3 models', 'binaries', writeBinaries(), 3],
      ['500,000 commits and 40,000 branches', 'history', writeHistory(), 3],
      ['100,000 small files beside 3 models', 'clutter', writeClutter(), 3],
    ] as const;
    for (const [title, name, stream, rounds] of repositories) {
      makeRepositories(root, name, stream);
      const copy = join(root, 'clone');
      const clone = ['git', 'clone', '--quiet', '--bare', '--depth', '1', '--branch', 'main'];
      race(title, rounds, [
        {
          name: 'git clone --depth 1',
          command: ['sh', '-c', `rm -rf ${copy}; ${clone.join(' ')} ${url}${name} ${copy}`],
        },
        toCase('the watcher, files left out', `${url}${name}`),
        toCase('the watcher, everything passes by', `${url}${name}-whole`),
      ]);
    }
    race('Node itself, with the modules', 5, [toCase('nothing is read', '')]);
  } finally {
    await stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/** As the watcher does it when it starts: the folders, and the texts of models and status files. */
async function read(url: string): Promise<void> {
  if (url === '') return;
  const memory = keepMemorySmall();
  const options = { path: '.', cluster: undefined, page: false };
  const branch = new GitBranch({
    transport: openTransport({ address: url, credentials: undefined, environment: {} }),
    branch: 'main',
    path: '.',
    isWanted: BranchFiles.toFilter(options),
    author: { name: 'bench', email: 'bench@example.com' },
    committer: { name: 'bench', email: 'bench@example.com' },
    clock: { date: () => 0 },
    fetchLimit: { ...toFetchLimit(undefined), onWork: memory.pass },
  });
  const { files } = await branch.fetch(new AbortController().signal);
  const read = [...files].filter(([path]) => !path.endsWith('policy.yaml')).map(([, id]) => id);
  const texts = await branch.read(new Set(read));
  if (texts.size === 0) throw new Error('nothing was read');
}

function toCase(name: string, url: string): Case {
  return { name, command: [process.execPath, import.meta.filename, 'read', url] };
}

/** One that leaves files out of a fetch, and one that does not. */
function makeRepositories(root: string, name: string, stream: readonly Uint8Array[]): void {
  const run = (words: readonly string[], folder = join(root, name)) => {
    const { status, stderr } = spawnSync('git', words, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
  };
  importInto(join(root, name), stream);
  run(['config', 'http.receivepack', 'true']);
  run(['repack', '-adq', '--window', '10']);
  if (name === 'history') addBranches(join(root, name));
  spawnSync('cp', ['-al', join(root, name), join(root, `${name}-whole`)]);
  run(['config', 'uploadpack.allowFilter', 'true']);
  run(['config', 'uploadpack.allowReachableSHA1InWant', 'true']);
}

function addBranches(folder: string): void {
  const tip = spawnSync('git', ['rev-parse', 'main'], { cwd: folder, encoding: 'utf8' }).stdout.trim();
  spawnSync('git', ['pack-refs', '--all'], { cwd: folder });
  const refs = Array.from({ length: 40_000 }, (_, i) => `${tip} refs/heads/n${String(i).padStart(6, '0')}\n`);
  appendFileSync(join(folder, 'packed-refs'), refs.join(''));
}

function writeModels(count: number): Uint8Array[] {
  return toCommit(listModels(count));
}

function writeBinaries(): Uint8Array[] {
  const binaries = Array.from({ length: 10 }, (_, i) => [`weights/${i}.bin`, randomBytes(25_000_000)] as const);
  return toCommit([...listModels(3), ...binaries]);
}

function writeHistory(): Uint8Array[] {
  const commits = Array.from({ length: 500_000 }, (_, i) =>
    toCommit(i === 0 ? listModels(3) : [['counter', Buffer.from(`${i % 1000}`)]], i),
  );
  return commits.flat();
}

function writeClutter(): Uint8Array[] {
  const files = Array.from(
    { length: 100_000 },
    (_, i) => [`notes/${i % 300}/${i}.txt`, Buffer.from(randomBytes(600).toString('hex'))] as const,
  );
  return toCommit([...listModels(3), ...files]);
}
