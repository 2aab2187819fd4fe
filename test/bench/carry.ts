/**
 * How long the watcher takes to carry main to a deploy branch with ten thousand models, beside a person's git in a clone that
 * merges and pushes: `npm run bench:carry`. Both know what they have seen before; the first run of each is not counted.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CarriedBranch } from '../../src/io/git/carry/carried-branch.ts';
import { toFetchLimit } from '../../src/io/git/fetch-limit.ts';
import { openTransport } from '../../src/io/git/transports.ts';
import { systemClock } from '../../src/io/process/clock.ts';
import { keepMemorySmall } from '../../src/io/process/memory.ts';
import { BranchFiles } from '../../src/watch/branch-files.ts';
import { serveFolder } from './git-server.ts';
import { importInto, listModels, toCommit, toPolicy } from './model-stream.ts';
import { median, say } from './race.ts';

const count = 10_000;
const rounds = 5;
const person = { name: 'bench', email: 'bench@example.com' };
const root = mkdtempSync(join(tmpdir(), 'model-mirror-bench-'));
const clone = join(root, 'clone');
const { url, stop } = await serveFolder(root);
const memory = keepMemorySmall();
try {
  for (const name of ['ours', 'git']) {
    importInto(join(root, name), toCommit(listModels(count)));
    for (const setting of ['http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowReachableSHA1InWant'])
      git('-C', join(root, name), 'config', setting, 'true');
  }
  git('clone', '--quiet', `${url}git`, clone);
  git('-C', clone, 'switch', '--quiet', '--create', 'deploy');
  git('-C', clone, 'push', '--quiet', '--set-upstream', 'origin', 'deploy');
  const branch = open();
  say(`${count} models`, 'medians of the watcher, of git, and their ratio');
  say(`  ${(await time(() => carry(branch))).toFixed(2)} s  the deploy branch is made`);
  const models = Array.from({ length: count }, (_, i) => i);
  await compare('nothing is new', branch, () => []);
  await compare('one policy is changed', branch, (round) => [toPolicy(round, 100 - round)]);
  await compare('all policies are changed', branch, (round) => models.map((model) => toPolicy(model, 50 + round)));
  say(`  ${(await time(() => carry(open()))).toFixed(2)} s  a new watcher's first look`);
  say(`  ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB at most, of two watchers in one process`);
} finally {
  await stop();
  rmSync(root, { recursive: true, force: true });
}

async function compare(
  title: string,
  branch: CarriedBranch,
  change: (round: number) => readonly (readonly [string, Uint8Array])[],
): Promise<void> {
  const ours: number[] = [];
  const gits: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const files = change(round);
    if (files.length > 0)
      for (const name of ['ours', 'git']) importInto(join(root, name), toCommit(files, round, 'refs/heads/main^0'));
    const seconds = [await time(() => carry(branch)), await time(mergeByGit)] as const;
    const differing = git('-C', join(root, 'ours'), 'diff', '--name-only', 'main', 'deploy');
    if (differing !== '') throw new Error(`deploy differs from main: ${differing.slice(0, 200)}`);
    if (round === 0) continue;
    ours.push(seconds[0]);
    gits.push(seconds[1]);
  }
  const [own, other] = [median(ours), median(gits)];
  say(`  ${own.toFixed(2)} s  ${other.toFixed(2)} s  ${(own / other).toFixed(2)}  ${title}`);
}

function open(): CarriedBranch {
  const watcher = { path: '.', cluster: undefined, page: false };
  return new CarriedBranch({
    transport: openTransport({ address: `${url}ours`, credentials: undefined, environment: {} }),
    ...{ sourceBranch: 'main', branch: 'deploy', path: '.', isWanted: BranchFiles.toFilter(watcher) },
    ...{ author: person, committer: person, clock: systemClock, message: { suffix: undefined, signOff: undefined } },
    fetchLimit: { ...toFetchLimit(undefined), onWork: memory.pass },
    reports: {
      ...{ current: () => {}, behind: () => {}, carried: () => {}, edited: () => {} },
      failed: (trouble) => {
        throw trouble;
      },
    },
  });
}

async function carry(branch: CarriedBranch): Promise<void> {
  await branch.fetch(new AbortController().signal);
}

function mergeByGit(): void {
  git('-C', clone, 'fetch', '--quiet');
  git('-C', clone, 'merge', '--quiet', '--no-edit', 'origin/main');
  git('-C', clone, 'push', '--quiet');
}

function git(...words: string[]): string {
  const identity = ['-c', `user.name=${person.name}`, '-c', `user.email=${person.email}`];
  const { status, stdout, stderr } = spawnSync('git', [...identity, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** In seconds. */
async function time(work: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
