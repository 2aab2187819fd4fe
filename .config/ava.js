/**
 * The settings of ava in package.json, and the order of the test files: long ones start first. With
 * MODEL_MIRROR_THOROUGH set, the test files are those that try less without it (`test/thorough.ts`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { putTogether } from './together.js';

const root = new URL('..', import.meta.url).pathname;
const { ava } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const isThorough = process.env['MODEL_MIRROR_THOROUGH'] !== undefined;
const files = globSync(ava.files, { cwd: root });
const tryingLess = files.filter((file) => readFileSync(`${root}${file}`, 'utf8').includes("/thorough.ts'"));

const slow = [
  'docs/tutorial',
  'watch/standard.test',
  'watch/crash',
  'watch/soak',
  'watch/watch.test',
  'watch/watcher.test',
  'watch/ramp',
  'cli/push',
  'demo/demo',
  'goldens/',
  'io/git-cli/commit',
  'cli/steps',
  'io/git/branch',
  'cli/edit-commit',
  'cli/status',
  'cli/clones/',
  'core/observe/simulation',
  'core/manifests/patches',
  'core/edit/properties',
  'core/render/',
  'e2e/bad-candidate',
  'cli/edit.',
  'cli/doctor',
  'cli/model-mirror',
  'cli/pending',
  'cli/meant',
  'io/git/fetch-limit',
  'io/git/pack',
];

function toRank(file) {
  const at = slow.findIndex((part) => file.includes(`/test/${part}`));
  return at === -1 ? slow.length : at;
}

/**
 * Where temporary files are: in memory, if there is room and programs may be run from there. Tests of git write and
 * remove so many small files that a disk's file system takes a quarter of their time.
 */
function findTemporaryFolder() {
  const memory = '/dev/shm';
  if (process.env['TMPDIR'] !== undefined || !existsSync(memory)) return {};
  const { bavail, bsize } = statfsSync(memory);
  if (bavail * bsize < 2 ** 31) return {};
  const folder = mkdtempSync(`${memory}/model-mirror-`);
  writeFileSync(`${folder}/probe`, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(`${folder}/probe`);
  rmSync(folder, { recursive: true });
  return status === 0 ? { TMPDIR: memory } : {};
}

/** `npm test` names no file: of a named one, its own process shows more. */
function toFiles() {
  if (isThorough) return { files: tryingLess };
  if (process.env['MODEL_MIRROR_TOGETHER'] === undefined) return {};
  const isLong = (file) => slow.some((part) => `/${file}`.includes(`/test/${part}`));
  const together = putTogether(files.filter((file) => !isLong(file)));
  return { files: [...files.filter(isLong), ...together], require: [...ava.require, './.config/together.js'] };
}

export default {
  ...ava,
  environmentVariables: findTemporaryFolder(),
  ...toFiles(),
  sortTestFiles: (a, b) => toRank(a) - toRank(b) || (a < b ? -1 : 1),
};
