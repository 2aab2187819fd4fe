/**
 * `docker`, `kubectl` and `helm` where there is neither a daemon nor a cluster: what the words name must be there, and the
 * objects that would be sent or removed are written, one a line, to the file PLAYED_RECORD. Helm renders them itself. Any other word
 * is an error, so that no command of a page is let pass unseen.
 */
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { helm } from './helm.ts';
import type { Built } from './kustomize.ts';
import { readObjects, toLabel } from './kustomize.ts';
import type { Sent } from './played-record.ts';
import { readRecord } from './played-record.ts';

const [program = '', ...words] = process.argv.slice(2);
const text = { type: 'string' } as const;

try {
  if (program === 'docker') playDocker();
  else if (program === 'helm') playHelm();
  else playKubectl();
} catch (error) {
  const { message, stderr } = error as Error & { readonly stderr?: string };
  process.stderr.write(`${program} ${words.join(' ')}: ${stderr ?? message}\n`);
  process.exitCode = 1;
}

function playDocker(): void {
  const options = { file: { ...text, short: 'f' }, tag: { ...text, short: 't' } } as const;
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  const [verb, operand = '', ...more] = positionals;
  if (more.length > 0) throw new Error(`what is ${more}?`);
  if (verb !== 'build' && verb !== 'push') throw new Error('only build and push are played');
  assertTag(verb === 'push' ? operand : (values.tag ?? ''));
  if (verb === 'push') return;
  const lines = readFileSync(values.file ?? '', 'utf8').split('\n');
  const sources = lines
    .filter((line) => /^COPY /.test(line) && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1))
    .filter((word) => !word.startsWith('--'));
  for (const source of sources) statSync(join(operand, source));
}

function assertTag(tag: string): void {
  const { version } = JSON.parse(readFileSync('model-mirror/package.json', 'utf8')) as { version: string };
  if (!tag.endsWith(`:${version}`)) throw new Error(`${tag} is not version ${version}`);
}

function playKubectl(): void {
  const options = {
    namespace: { ...text, short: 'n' },
    filename: { ...text, short: 'f' },
    'from-file': { ...text, multiple: true },
    'from-literal': { ...text, multiple: true },
  } as const;
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  const [verb, kind, ...names] = positionals;
  const { namespace } = values;
  const [name = ''] = names;
  if (verb === 'apply' && values.filename !== undefined && kind === undefined)
    for (const object of readObjects(readFileSync(values.filename, 'utf8'))) send(object);
  else if (verb === 'create' && kind === 'namespace' && names.length === 1)
    send({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  else if (verb === 'label' && kind === 'namespace' && names.length > 1) {
    const labels = Object.fromEntries(names.slice(1).map((pair) => pair.split('=')));
    send({ ...find((one) => one.kind === 'Namespace' && one.metadata.name === name), metadata: { name, labels } });
  } else if (verb === 'create' && kind === 'secret' && names[0] === 'generic' && names.length === 2) {
    const files = (values['from-file'] ?? []).map((pair) => pair.split('='));
    for (const [, file = ''] of files) if (!existsSync(file)) throw new Error(`there is no ${file}`);
    const data = Object.fromEntries(files.map(([key = '', file = '']) => [key, readFileSync(file).toString('base64')]));
    send({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: names[1] ?? '', ...(namespace && { namespace }) },
      data,
    });
  } else if (verb === 'create' && kind === 'configmap' && names.length === 1) {
    const data = Object.fromEntries((values['from-literal'] ?? []).map((pair) => pair.split(/=(.*)/s)));
    send({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(namespace && { namespace }) }, data });
  } else if (verb === 'delete' && kind === 'namespace' && names.length === 1)
    for (const object of readThere(({ kind: of, metadata }) =>
      of === 'Namespace' ? metadata.name === name : metadata.namespace === name,
    ))
      send(object, true);
  else throw new Error('this is not played');
}

/** What it would send is what it renders; what a release had before and has no more is removed. */
function playHelm(): void {
  const [verb = '', release = '', ...others] = words;
  const options = {
    namespace: { ...text, short: 'n' },
    set: { ...text, multiple: true },
    'reset-then-reuse-values': { type: 'boolean' },
    'create-namespace': { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ args: others, options, allowPositionals: true });
  const [chart = '', ...more] = positionals;
  if (more.length > 0 || !values.namespace) throw new Error('this is not played');
  const state = `${process.env['PLAYED_RECORD']}.${release}`;
  const before = existsSync(state) ? (JSON.parse(readFileSync(state, 'utf8')) as Release) : { set: [], objects: [] };
  const isInstalled = before.objects.length > 0;
  if (isInstalled !== (verb !== 'install')) throw new Error(`the release is ${isInstalled ? 'there' : 'not there'}`);
  if (verb === 'uninstall') {
    change(state, before, { set: [], objects: [] });
    return;
  }
  if (verb !== 'install' && verb !== 'upgrade') throw new Error('this is not played');
  const set = [...(values['reset-then-reuse-values'] === true ? before.set : []), ...(values.set ?? [])];
  const flags = set.flatMap((pair) => ['--set', pair]);
  const objects = readObjects(helm(['template', release, chart, '--namespace', values.namespace, ...flags]));
  const namespaces = readThere(({ kind, metadata }) => kind === 'Namespace' && metadata.name === values.namespace);
  if (namespaces.length === 0 && values['create-namespace'] !== true)
    throw new Error(`there is no namespace ${values.namespace}`);
  if (namespaces.length === 0) send({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: values.namespace } });
  change(state, before, { set, objects });
}

interface Release {
  readonly set: readonly string[];
  readonly objects: readonly Built[];
}

function change(state: string, before: Release, after: Release): void {
  const labels = after.objects.map(toLabel);
  for (const object of before.objects) if (!labels.includes(toLabel(object))) send(object, true);
  for (const object of after.objects) send(object);
  writeFileSync(state, JSON.stringify(after));
}

function find(isIt: (object: Built) => boolean): Built {
  const [found] = readThere(isIt);
  if (found === undefined) throw new Error('it is not there');
  return found;
}

/** Sent before, and not removed since. */
function readThere(isIt: (object: Built) => boolean): Built[] {
  return readRecord(process.env['PLAYED_RECORD'] ?? '').filter(isIt);
}

function send(object: Built, isRemoved = false): void {
  appendFileSync(process.env['PLAYED_RECORD'] ?? '', `${JSON.stringify({ object, isRemoved } satisfies Sent)}\n`);
}
