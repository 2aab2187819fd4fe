/** The chart's own files agree with each other; what it renders is looked at by `npm run test:install`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { isMap, valueAt } from '../../src/core/input/plain-value.ts';
import { chartPage, readChartValues, withChartValues } from './chart-values.ts';

const chart = join(import.meta.dirname, '../../plugin/chart');
const read = (file: string) => readFileSync(join(chart, file), 'utf8');
const schema = JSON.parse(read('values.schema.json')) as Schema;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const resolve = (found: Schema | undefined): Schema | undefined =>
  found?.$ref === undefined ? found : schema.definitions?.[found.$ref.replace('#/definitions/', '')];
const find = (path: readonly string[]): Schema | undefined =>
  path.reduce<Schema | undefined>((found, name) => resolve(found?.properties?.[name]), schema);

test('the table in the page is the values with their comments', (t) => {
  const page = readFileSync(chartPage, 'utf8');
  t.is(withChartValues(page), page, 'npm run docs writes it');
  t.true(page.includes('| `watcher.repo` | `""` |'));
});

test('each value is in the schema, and the schema has no other', (t) => {
  const values = readChartValues();
  for (const { path } of values) t.truthy(find(path), path.join('.'));
  const paths = values.map(({ path }) => path.join('.'));
  const inSchema = (found: Schema, above: readonly string[]): string[] =>
    Object.entries(found.properties ?? {}).flatMap(([name, inner]) => {
      const path = [...above, name].join('.');
      return paths.includes(path) ? [path] : inSchema(resolve(inner) ?? {}, [...above, name]);
    });
  t.deepEqual(inSchema(schema, []).sort(), paths.sort());
});

test('a value that is misspelled is refused: no map of known names takes another', (t) => {
  const closed = (found: Schema, path: readonly string[]): void => {
    if (found.properties === undefined) return;
    t.is(found.additionalProperties, false, path.join('.'));
    for (const [name, inner] of Object.entries(found.properties)) closed(resolve(inner) ?? {}, [...path, name]);
  };
  closed(schema, []);
  for (const [name, inner] of Object.entries(schema.definitions ?? {})) closed(inner, [name]);
});

test('nothing that reads more, writes more or opens more is on by default', (t) => {
  const values = parse(read('values.yaml')) as unknown;
  for (const path of [
    'watcher.argocdRefresh.enabled',
    'comparer.enabled',
    'comparer.clearText',
    'mirrorGateway.clearText',
    'egressGatewayLimits.enabled',
    'monitoring.monitors.enabled',
    'monitoring.rules.enabled',
    'monitoring.dashboard.enabled',
  ])
    t.is(valueAt(values, path.split('.')), false, path);
  for (const path of [
    'watcher.networkPolicy.enabled',
    'mirrorGateway.networkPolicy.enabled',
    'mirrorGateway.clientLimits.enabled',
    'comparer.networkPolicy.enabled',
    'comparer.clientLimits.enabled',
  ])
    t.is(valueAt(values, path.split('.')), true, path);
});

test('the files that are included as they are can be, and have each alert once', (t) => {
  const names = ['files/rules.yaml', 'files/mirror-gateway-rules.yaml'].flatMap((file) => {
    const { groups } = parse(read(file)) as { readonly groups: readonly { readonly rules: { alert: string }[] }[] };
    t.true(groups.length > 0, file);
    return groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  });
  t.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
  t.true(isMap(JSON.parse(read('files/dashboard.json'))));
});

test('the chart has the version of the package', (t) => {
  const { version } = JSON.parse(readFileSync(join(chart, '../../package.json'), 'utf8')) as { version: string };
  t.like(parse(read('Chart.yaml')), { version, appVersion: version });
});
