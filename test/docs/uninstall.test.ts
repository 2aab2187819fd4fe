/** How docs/install.md removes the plugin: models go on as they are, deployed as plain manifests. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { personal, runInProcess } from '../cli/in-process.ts';
import { toModelText } from '../core/render/memory-tree.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/install.md'), 'utf8');
const words = ['render', 'models', '--output-dir', 'manifests'];

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const sort = (objects: readonly Rendered[]) =>
  objects.toSorted((a, b) => `${a.kind} ${a.metadata.name}`.localeCompare(`${b.kind} ${b.metadata.name}`));
const read = (text: string) =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);

test('the manifests that are committed before the plugin goes are what the plugin renders', async (t) => {
  t.true(page.includes(`\`model-mirror ${words.join(' ')}\``));
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-uninstall-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const mode of ['ModelMesh', 'Standard']) {
    const place = join(folder, 'models', mode.toLowerCase());
    mkdirSync(place, { recursive: true });
    // No candidate: all mirrors are closed by then. And the brake, where one is still there.
    const text = toModelText(mode.toLowerCase(), 'models').replace('ModelMesh', mode);
    writeFileSync(join(place, 'model.yaml'), mode === 'Standard' ? text : text.replace(/^ {2}candidate:.*\n/m, ''));
  }
  const policy = 'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\n';
  writeFileSync(join(folder, 'policy.yaml'), `${policy}spec: {mirrorPercentage: 0}\n`);
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  const { code, err } = await runInProcess(folder, personal, words);
  t.is(code, 0, err);
  const argocd = {
    ...personal,
    ARGOCD_APP_NAMESPACE: 'models',
    ARGOCD_APP_SOURCE_PATH: 'models',
    ARGOCD_APP_NAME: 'm',
  };
  const plugin = await runInProcess(join(folder, 'models'), argocd, ['render', '--output', 'json']);
  t.is(plugin.code, 0, plugin.err);
  const manifests = globSync('manifests/*.yaml', { cwd: folder }).map((file) =>
    readFileSync(join(folder, file), 'utf8'),
  );
  const objects = plugin.out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Rendered);
  t.deepEqual(sort(manifests.flatMap(read)), sort(objects));
  t.true(objects.length > 8);
  t.false(/mirrors?:/.test(manifests.join('')));
});
