import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { toOutputName, writeOutputFolder } from '../../../src/io/files/output-folder.ts';

const label = 'metadata: {labels: {app.kubernetes.io/managed-by: model-mirror}}\n';

test('only what differs is written, and only objects of our own are removed', (t) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'model-mirror-output-')), 'out');
  t.teardown(() => rmSync(join(folder, '..'), { recursive: true, force: true }));
  const name = (kind: string) => toOutputName(kind, 'models', 'wisdom', 'yaml');
  const files = ['Service', 'VirtualService'].map((kind) => ({ name: name(kind), text: `kind: ${kind}\n${label}` }));
  t.deepEqual(writeOutputFolder(folder, files, true), { written: files.map((file) => file.name), removed: [] });
  const before = statSync(join(folder, name('Service'))).ino;
  // Of a person, of another program, and of another name.
  writeFileSync(join(folder, 'kustomization.yaml'), label);
  writeFileSync(join(folder, 'service_models_other.yaml'), 'kind: Service\n');
  const [service] = files;
  const changed = [{ name: name('Service'), text: service?.text ?? '' }];
  t.deepEqual(writeOutputFolder(folder, changed, false), { written: [], removed: [] });
  t.deepEqual(writeOutputFolder(folder, changed, true), { written: [], removed: [name('VirtualService')] });
  t.is(statSync(join(folder, name('Service'))).ino, before);
  t.deepEqual(readdirSync(folder).sort(), ['kustomization.yaml', 'service_models_other.yaml', name('Service')]);
  const edited = [{ name: name('Service'), text: 'new\n' }];
  t.deepEqual(writeOutputFolder(folder, edited, true), { written: [name('Service')], removed: [] });
  t.is(readFileSync(join(folder, name('Service')), 'utf8'), 'new\n');
});
