/**
 * The package as it is published: all that is needed and nothing else. Then it is installed as a user
 * would, without its development dependencies, and run.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPublished } from './published.ts';

const root = join(import.meta.dirname, '..');

const wanted = [
  'LICENSE',
  'README.md',
  'dist/THIRD-PARTY-NOTICES',
  'dist/analysis-live.cjs',
  'dist/analysis.cjs',
  'dist/brake.cjs',
  'dist/candidate.cjs',
  'dist/carry.cjs',
  'dist/cli.cjs',
  'dist/cli.code',
  'dist/comment.cjs',
  'dist/compare.cjs',
  'dist/completion.cjs',
  'dist/demo-play.cjs',
  'dist/demo.cjs',
  'dist/diff.cjs',
  'dist/discard.cjs',
  'dist/doctor.cjs',
  'dist/edit-confirm.cjs',
  'dist/explain.cjs',
  'dist/history.cjs',
  'dist/init.cjs',
  'dist/mirror.cjs',
  'dist/model-mirror.cjs',
  'dist/pinned/plugin.yaml',
  'dist/promote.cjs',
  'dist/rollback.cjs',
  'dist/sbom.cdx.json',
  'dist/schema.cjs',
  'dist/ssh-library.cjs',
  'dist/status-cluster.cjs',
  'dist/status.cjs',
  'dist/validate-promotions.cjs',
  'dist/validate-revision.cjs',
  'dist/watch.cjs',
  'package.json',
  'plugin.yaml',
];

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-pack-'));
try {
  const tarball = join(folder, packPublished(root, folder));
  const list = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  const found = list.map((path) => path.replace(/^package\//, '')).sort();
  const missing = wanted.filter((path) => !found.includes(path));
  const unwanted = found.filter((path) => !wanted.includes(path));
  for (const path of missing) process.stderr.write(`missing in the package: ${path}\n`);
  for (const path of unwanted) process.stderr.write(`not to be in the package: ${path}\n`);
  // Nothing of it runs when it is installed, and it needs nothing else.
  const manifest = JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  ) as Readonly<Record<string, unknown>>;
  const surplus = ['scripts', 'dependencies', 'devDependencies'].filter((field) => field in manifest);
  for (const field of surplus) process.stderr.write(`not to be in the package's manifest: ${field}\n`);
  const user = join(folder, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{"private": true}\n');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], {
    cwd: user,
    stdio: 'ignore',
  });
  const help = execFileSync(join(user, 'node_modules/.bin/kubectl-model_mirror'), ['--help'], { encoding: 'utf8' });
  const isPlugin = help.startsWith('Usage: kubectl model_mirror ');
  if (!isPlugin) process.stderr.write(`as a plugin of kubectl it shows: ${help}`);
  const version = execFileSync(join(user, 'node_modules/.bin/model-mirror'), ['--version'], { encoding: 'utf8' });
  process.stderr.write(`${found.length} files; installed as a user would, it is model-mirror ${version}`);
  process.exitCode = missing.length + unwanted.length + surplus.length > 0 || !isPlugin ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
