/** The address of the project is named in one place, and all others agree. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { address, findNaming, toManifestFields } from '../../.config/address.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('package.json and the chart name the address', (t) => {
  const { homepage, bugs, repository } = JSON.parse(read('package.json')) as Readonly<Record<string, unknown>>;
  t.deepEqual({ homepage, bugs, repository }, toManifestFields(address));
  const { home, sources } = parse(read('plugin/chart/Chart.yaml')) as Readonly<Record<string, unknown>>;
  t.deepEqual({ home, sources }, { home: address, sources: [address] });
  t.true(read('SECURITY.md').includes(`<${address}>`));
});

test('a change of the address finds every file that names it', (t) => {
  t.deepEqual(findNaming(), ['.config/address.ts', 'SECURITY.md', 'package.json', 'plugin/chart/Chart.yaml']);
});

test('it is an address to which paths can be added', (t) => {
  t.regex(address, /^https:\/\/[^/]+\/\S*[^/]$/);
  t.false(address.endsWith('.git'));
});
