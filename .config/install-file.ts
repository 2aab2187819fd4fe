/**
 * `install.yaml`, for `kubectl apply` without Helm: the chart as it is by default, with its namespace. The repository is named by a
 * ConfigMap, and the credentials by a Secret, which are not in the file: so a later one changes neither.
 * As a program it prints the file of this work tree.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { stackFolder } from '../test/stack/build.ts';

const values = {
  namespace: { create: true },
  image: { repository: 'images.example.com/ml/model-mirror' },
  watcher: { existingConfigMap: 'model-mirror-watcher' },
};

/** @returns Helm 3, of the stack or else of the PATH; undefined: there is none. */
export function findHelm(): string | undefined {
  const folders = [stackFolder, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'helm')).find(isProgram);
}

/**
 * @param tree with plugin/chart.
 * @throws Error with what Helm says.
 */
export function renderInstallFile(helm: string, tree: string): string {
  const text = execFileSync(
    helm,
    ['template', 'model-mirror', join(tree, 'plugin/chart'), '--namespace', 'model-mirror', '--values', '-'],
    { input: JSON.stringify(values), encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] },
  );
  return `# model-mirror: the watcher of the whole cluster, and the mirror gateway. docs/install.md, "Without Helm", says how to apply it.\n${text}`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const helm = findHelm();
  if (helm === undefined) {
    process.stderr.write('there is no helm: npm run stack:build -- helm builds it\n');
    process.exitCode = 1;
  } else process.stdout.write(renderInstallFile(helm, join(import.meta.dirname, '..')));
}
