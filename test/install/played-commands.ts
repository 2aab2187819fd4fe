/**
 * `docker` and `kubectl` where there is neither a daemon nor a cluster: what the words name must be there, and the
 * objects that kubectl would send are written, one a line, to the file PLAYED_RECORD. Any other word is an error, so
 * that no command of a page is let pass unseen.
 */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './kustomize.ts';

const [program = '', ...words] = process.argv.slice(2);
const text = { type: 'string' } as const;

try {
  if (program === 'docker') playDocker();
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
    kustomize: { ...text, short: 'k' },
    'from-file': { ...text, multiple: true },
  } as const;
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  const [verb, kind, ...names] = positionals;
  const { namespace } = values;
  if (verb === 'apply' && values.kustomize !== undefined && kind === undefined)
    for (const object of build(values.kustomize)) send(object);
  else if (verb === 'create' && kind === 'namespace' && names.length === 1)
    send({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: names[0] } });
  else if (verb === 'create' && kind === 'secret' && names[0] === 'generic' && names.length === 2) {
    const files = (values['from-file'] ?? []).map((pair) => pair.split('='));
    for (const [, file = ''] of files) if (!existsSync(file)) throw new Error(`there is no ${file}`);
    const data = Object.fromEntries(files.map(([key = '', file = '']) => [key, readFileSync(file).toString('base64')]));
    send({ apiVersion: 'v1', kind: 'Secret', metadata: { name: names[1], namespace }, data });
  } else throw new Error('this is not played');
}

function send(object: object): void {
  appendFileSync(process.env['PLAYED_RECORD'] ?? '', `${JSON.stringify(object)}\n`);
}
