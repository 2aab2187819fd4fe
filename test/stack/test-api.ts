/** Runs the tests that take either API against the real one: all that get it from `api-under-test.ts`. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stackFolder } from './build.ts';

const root = join(import.meta.dirname, '../..');
const source = join(root, 'test/demo/fakes/kubernetes/api-under-test.ts');

const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => imports(join(root, file)))
  .sort();
if (files.length === 0) throw new Error(`there is no test that imports ${source}`);

// Two at a time: each starts an API server of its own.
const { status } = spawnSync(process.execPath, ['node_modules/ava/entrypoints/cli.js', '--concurrency=2', ...files], {
  cwd: root,
  env: { ...process.env, KUBEBUILDER_ASSETS: stackFolder },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

/** Itself, or through another file of the tests. */
function imports(file: string): boolean {
  const found = readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g);
  return [...found]
    .map(([, path = '']) => join(dirname(file), path))
    .some((path) => path === source || (path.startsWith(join(root, 'test')) && imports(path)));
}
