import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import type { Made } from '../../.config/notices.ts';
import { toNotices } from '../../.config/notices.ts';

interface Component {
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Bom {
  readonly metadata: { readonly component: Component; readonly timestamp?: string };
  readonly serialNumber?: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../..');
const dist = join(root, 'dist');
const notices = readFileSync(join(dist, 'THIRD-PARTY-NOTICES'), 'utf8');
const bom = readJson<Bom>(join(dist, 'sbom.cdx.json'));
const { packages: locked } = readJson<{ packages: Record<string, Locked> }>(join(root, 'package-lock.json'));
const libraries = bom.components.filter(({ type }) => type === 'library');
const fullName = ({ group, name }: Component) => (group === undefined ? name : `${group}/${name}`);

test('the bill of materials keeps to CycloneDX’s schema', (t) => {
  const schemas = new URL('res/schema/', import.meta.resolve('@cyclonedx/cyclonedx-library/package.json'));
  const read = (name: string) => readJson<object>(fileURLToPath(new URL(`${name}.SNAPSHOT.schema.json`, schemas)));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  const isValid = ajv.compile(read('bom-1.6'));
  t.true(isValid(bom), JSON.stringify(isValid.errors));
  t.false(isValid({ ...bom, components: [{ type: 'library' }] }), 'the schema sees what is missing');
  const of = libraries[0];
  const withLicence = (id: string) => ({ ...bom, components: [{ ...of, licenses: [{ license: { id } }] }] });
  t.true(isValid(withLicence('MIT')));
  t.false(isValid(withLicence('MIT-ish')), 'the schema knows the names of licences');
});

test('every library has the version and the sum that package-lock.json has of it', (t) => {
  t.true(libraries.length > 50);
  for (const library of libraries) {
    const name = fullName(library);
    const entries = Object.entries(locked).filter(
      ([folder, { version }]) => folder.endsWith(`node_modules/${name}`) && version === library.version,
    );
    t.true(entries.length > 0, library.purl);
    const [hash] = library.hashes ?? [];
    const sum = `sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`;
    t.deepEqual([hash?.alg, sum], ['SHA-512', entries[0]?.[1].integrity], library.purl);
    t.is(decodeURIComponent(library.purl), `pkg:npm/${name}@${library.version}`);
  }
});

test('there is neither a clock nor anything random in it, and every reference leads somewhere', (t) => {
  t.is(bom.serialNumber, undefined);
  t.is(bom.metadata.timestamp, undefined);
  const known = new Set([bom.metadata.component, ...bom.components].map(({ purl }) => purl));
  t.is(known.size, bom.components.length + 1);
  for (const { ref, dependsOn } of bom.dependencies)
    t.deepEqual(
      [ref, ...dependsOn].filter((one) => !known.has(one)),
      [],
    );
});

test('each part of the bill has its name, its version and the text of its licence in the notices', (t) => {
  const parts = notices.split(`\n${'-'.repeat(72)}\n\n`);
  t.is(parts.length, bom.components.length);
  for (const component of bom.components) {
    const head = `${component.type === 'data' ? 'KServe' : fullName(component)} ${component.version} (`;
    const text = parts.find((part) => part.startsWith(head)) ?? '';
    t.regex(
      text,
      /permission is hereby granted|permission to use, copy, modify|redistribution and use|terms and conditions for use|released into the public domain/i,
      component.purl,
    );
    t.regex(text, /copyright/i, component.purl);
  }
});

/**
 * Looks past esbuild's word: at the texts between quotes, which minifying leaves as they are. One that a single package of all
 * that our sources could import has, and that is in a bundle, shows that the package is in it.
 */
test('no other package has texts of its own in the bundles', (t) => {
  const inBundles = new Set(
    readdirSync(dist)
      .filter((file) => file.endsWith('.cjs'))
      .flatMap((file) => findTexts(readFileSync(join(dist, file), 'utf8'))),
  );
  const own = new Set(listFiles(join(root, 'src'), /\.ts$/).flatMap((file) => findTexts(readFileSync(file, 'utf8'))));
  const byText = new Map<string, Set<string>>();
  for (const folder of findReachable())
    for (const file of listFiles(join(root, folder), /\.[cm]?js$/))
      for (const text of findTexts(readFileSync(file, 'utf8')))
        byText.set(text, (byText.get(text) ?? new Set()).add(toName(folder)));
  const shown = new Set<string>();
  for (const [text, [name = '', ...others]] of byText)
    if (others.length === 0 && inBundles.has(text) && !own.has(text)) shown.add(name);
  const listed = new Set(libraries.map(fullName));
  t.deepEqual([...shown].filter((name) => !listed.has(name)).sort(), []);
  t.true(shown.size > 20, `${shown.size} packages show themselves`);
});

test('a package that is bundled without a licence, its text or a sum fails the build', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-notices-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const place = join(folder, 'node_modules/@a/b');
  mkdirSync(place, { recursive: true });
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const file = 'node_modules/@a/b/index.js';
  const made: Made = {
    inputs: { [file]: { imports: [] } },
    outputs: { 'dist/a.cjs': { inputs: { [file]: { bytesInOutput: 1 } } } },
  };
  const write = (name: string, value: object) => writeFileSync(join(folder, name), JSON.stringify(value));
  const make = (locked: object, code = '', author?: string) => {
    write('package.json', { name: 'own', version: '1.0.0', license: 'Apache-2.0' });
    write('package-lock.json', { packages: { 'node_modules/@a/b': locked } });
    write('node_modules/@a/b/package.json', author === undefined ? {} : { author });
    writeFileSync(join(folder, file), code);
    return toNotices(made, folder);
  };
  const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
  const whole = { version: '2.0.0', license: 'MIT', integrity };
  t.throws(() => make({ version: '2.0.0', license: 'MIT' }), { message: /@a\/b is bundled and not in package-lock/ });
  t.throws(() => make({ version: '2.0.0', integrity }), { message: /@a\/b is bundled and names no licence/ });
  t.throws(() => make(whole), { message: /@a\/b is bundled, and its licence MIT is without its text/ });
  t.throws(() => make(whole, '// Copyright A\nexport {};'), { message: /without its text/ });
  t.throws(() => make({ ...whole, license: 'Apache-2.0' }), { message: /without its text/ }, 'nobody is named');
  t.throws(() => make({ ...whole, integrity: 'md5-aaaa' }, '/* Permission is hereby granted */'), { message: /md5/ });

  const comment = '/*\n * Copyright A\n *\n * Permission is hereby granted\n */\nexport {};\n// not this';
  t.true(
    make(whole, comment).notices.startsWith('@a/b 2.0.0 (MIT)\n\nCopyright A\n\nPermission is hereby granted\n\n'),
  );
  const { notices: apache } = make({ ...whole, license: 'Apache-2.0' }, '', 'A <a@example.com>');
  t.true(apache.startsWith('@a/b 2.0.0 (Apache-2.0)\n\nCopyright A <a@example.com>\n\nApache License\n'));
  writeFileSync(join(place, 'LICENCE.md'), 'the licence\n');
  t.true(make(whole, comment).notices.startsWith('@a/b 2.0.0 (MIT)\n\nthe licence\n\n---'));
});

test('a package inside another one is listed by its own name, and what is not in the bundle is not', (t) => {
  const { inputs, outputs } = {
    inputs: {
      'src/a.ts': { imports: [{ path: 'node_modules/@kubernetes/client-node/node_modules/js-yaml/index.js' }] },
      'node_modules/@kubernetes/client-node/node_modules/js-yaml/index.js': { imports: [] },
    },
    outputs: {
      'dist/a.cjs': {
        inputs: {
          'src/a.ts': { bytesInOutput: 5 },
          'node_modules/@kubernetes/client-node/node_modules/js-yaml/index.js': { bytesInOutput: 3 },
          'node_modules/yaml/index.js': { bytesInOutput: 0 },
        },
      },
    },
  };
  const { components } = JSON.parse(toNotices({ inputs, outputs }, root).bom) as Bom;
  t.deepEqual(
    components.map(({ name, type }) => [name, type]),
    [
      ['js-yaml', 'library'],
      ['kserve', 'data'],
    ],
  );
});

/** The folders of all packages that our sources import more of than types, and of those that these could import. */
function findReachable(): ReadonlySet<string> {
  const sources = listFiles(join(root, 'src'), /\.ts$/).map((file) => readFileSync(file, 'utf8'));
  const imported = sources.flatMap((text) =>
    [...text.matchAll(/^(?:im|ex)port\b(?! type\b)(?:[^;']* from)? '((?:@[\w-]+\/)?[\w.-]+)/gm)].map(
      ([, name = '']) => name,
    ),
  );
  const found = new Set<string>();
  const add = (name: string, importer: string): void => {
    for (let place = importer; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
      const folder = join(place, 'node_modules', name);
      if (found.has(folder)) return;
      const { dependencies } = locked[folder] ?? {};
      if (folder in locked) {
        found.add(folder);
        for (const dependency of Object.keys(dependencies ?? {})) add(dependency, folder);
        return;
      }
      if (place === '') return;
    }
  };
  for (const name of new Set(imported)) add(name, '');
  return found;
}

function toName(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Long enough that two authors do not write the same. */
function findTexts(code: string): readonly string[] {
  return [...code.matchAll(/(["'`])([^"'`\\$\n]{12,200})\1/g)].map(([, , text = '']) => text);
}

function listFiles(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file) && !file.includes('node_modules/'))
    .map((file) => join(folder, file));
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
