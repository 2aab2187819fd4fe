/** What the real KServe and Kubernetes' controllers served, read as the watcher reads it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { textAt } from '../../src/core/input/plain-value.ts';
import { digestAnnotation } from '../../src/core/manifests/manifest.ts';
import { changes } from './standard-changes.ts';
import { StateReader } from './state-reader.ts';

const folder = join(import.meta.dirname, '../../fixtures/standard-recordings/events');

interface Recorded {
  readonly event: string;
  readonly object: { readonly kind: string };
}

function read(name: string): Recorded[] {
  return parseAllDocuments(readFileSync(join(folder, `${name}.yaml`), 'utf8')).map((one) => one.toJS() as Recorded);
}

for (const { name, title, steps } of changes)
  test(`${title}: each step ends as it should, and nothing is Ready by another spec`, (t) => {
    const reader = new StateReader();
    const latest = new Map<string, object>();
    const states: string[] = [];
    for (const { event, object } of read(name)) {
      if (event === 'DELETED') reader.drop(object.kind, object);
      else reader.put(object.kind, object);
      latest.set(object.kind, object);
      states.push(...reader.take(name).slice(states.length === 0 ? 0 : 1));
      if (reader.last(name) === 'Ready') {
        const template = ['spec', 'template', 'metadata', 'annotations', digestAnnotation];
        const wanted = textAt(latest.get('InferenceService'), ['metadata', 'annotations', digestAnnotation]);
        t.is(textAt(latest.get('Deployment'), template), wanted);
      }
    }
    let place = 0;
    for (const { ends } of steps) {
      place = states.indexOf(ends, place) + 1;
      t.true(place > 0, `${ends} in ${states.join(' → ')}`);
    }
    t.is(states.at(-1), steps.at(-1)?.ends);
  });

test('each change has its recording, and each recording its change', (t) => {
  const files = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));
  t.deepEqual(files.sort(), changes.map(({ name }) => name).sort());
});
