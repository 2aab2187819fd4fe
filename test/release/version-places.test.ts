/** The version is named in many places; all of them say what package.json says. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { getReleaseLine, withoutBumpHeadings } from '../../.config/changelog.ts';
import { findVersions, mayNameVersion, withVersion } from '../../.config/version-places.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const files = [
  ...readdirSync(root),
  ...['docs', 'plugin'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  ),
].filter((file) => mayNameVersion(file) && statSync(join(root, file)).isFile());

test('every place names the version of package.json', (t) => {
  const found = files.map((file) => ({ file, versions: findVersions(read(file)) }));
  const naming = found.filter(({ versions }) => versions.length > 0);
  for (const { file, versions } of naming)
    for (const place of versions) t.is(place.version, version, `${file}:${place.line}`);
  const names = naming.map(({ file }) => file);
  for (const file of [
    'docs/install.md',
    'plugin.yaml',
    'plugin/chart/Chart.yaml',
    'plugin/install/sidecar/repo-server.yaml',
  ])
    t.true(names.includes(file), `${file} names no version in a form that a release would find`);
  t.is(findVersions(read('plugin.yaml')).length, 1);
  const lock = JSON.parse(read('package-lock.json')) as { version: string; packages: { '': { version: string } } };
  t.deepEqual([lock.version, lock.packages[''].version], [version, version]);
});

test('a version is changed where it is named, and nowhere else', (t) => {
  const text =
    'model-mirror-v0.1.0, image: a/model-mirror:0.1.0\n  newTag: 0.1.0\nmodel-mirror@0.1.0-rc.1; istio 0.1.0\n';
  t.is(
    withVersion(text, '1.2.3'),
    'model-mirror-v1.2.3, image: a/model-mirror:1.2.3\n  newTag: 1.2.3\nmodel-mirror@1.2.3; istio 0.1.0\n',
  );
  t.deepEqual(
    findVersions(text).map(({ line }) => line),
    [1, 1, 2, 3],
  );
});

test('a changeset becomes an item of the changelog, without headings', async (t) => {
  t.is(
    await getReleaseLine({ summary: 'One.\nMore.\n\nA second paragraph.\n' }),
    '- One.\n  More.\n\n  A second paragraph.',
  );
  const by =
    '# Changes\n\n## 0.2.0\n\n### Minor Changes\n\n- a\n  b\n\n### Patch Changes\n\n- c\n- d\n\n## 0.1.0\n\n- e\n';
  t.is(withoutBumpHeadings(by), '# Changes\n\n## 0.2.0\n\n- a\n  b\n- c\n- d\n\n## 0.1.0\n\n- e\n');
});
