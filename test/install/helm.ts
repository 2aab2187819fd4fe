/** The real Helm, on the chart. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import type { Built } from './kustomize.ts';
import { readObjects } from './kustomize.ts';

export const chart = join(import.meta.dirname, '../../plugin/chart');
const program = join(stackFolder, 'helm');

export type Values = Readonly<Record<string, unknown>>;

/** @throws Error with Helm's message about the values, or when what it gives is not objects. */
export function renderChart(values: Values, namespace = 'model-mirror'): Built[] {
  return readObjects(renderChartText(values, namespace));
}

/** The same as YAML, with the comments of the templates. */
export function renderChartText(values: Values, namespace = 'model-mirror'): string {
  return withFile(values, (file) => helm(['template', 'model-mirror', chart, '-n', namespace, '-f', file]));
}

/** @throws Error with what Helm finds, warnings too. */
export function lintChart(values: Values): void {
  withFile(values, (file) => helm(['lint', '--strict', chart, '-f', file]));
}

/**
 * @param words of one command.
 * @param kubeconfig of the cluster that it contacts; default: none.
 * @returns what Helm prints.
 * @throws Error with what it says when it fails.
 */
export function helm(words: readonly string[], kubeconfig = '/nonexistent'): string {
  if (!existsSync(program)) throw new Error(`there is no ${program}: npm run stack:build makes it`);
  // No configuration or plugins of this machine, and a place for what is cached.
  const home = mkdtempSync(join(tmpdir(), 'model-mirror-helm-'));
  try {
    const { status, stdout, stderr } = spawnSync(program, words, {
      encoding: 'utf8',
      env: { HOME: home, KUBECONFIG: kubeconfig },
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`${stderr}${stdout}`.trim());
    return stdout;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function withFile<T>(values: Values, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-values-'));
  try {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, JSON.stringify(values));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
