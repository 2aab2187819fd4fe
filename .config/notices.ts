/**
 * What travels with code of others: their licences' texts, and a bill of materials (CycloneDX 1.6), both of exactly those packages
 * that esbuild put into the bundles. Neither has a clock or anything random in it: the same sources give the same bytes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kserveVersion } from '../src/core/serving/kserve-schema.ts';

/** The part that is needed of esbuild's: which files each bundle is made of, and what those import. */
export interface Made {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>;
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

interface Locked {
  readonly version: string;
  readonly license?: string;
  /** As in package-lock.json: the algorithm, and the sum in base64. */
  readonly integrity?: string;
}

interface Bundled {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  readonly integrity: string;
  readonly texts: readonly string[];
  readonly purl: string;
  /** The purls of what its bundled files import. */
  readonly dependsOn: readonly string[];
}

interface Own {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** A licence is granted by any of these phrases, in a comment at the head of a file. */
const grant = /permission is hereby granted|redistribution and use|licensed under|released under/i;

/**
 * @param root the folder that has node_modules, package-lock.json and LICENSE.
 * @returns both texts.
 * @throws Error where a bundled package is not in the lockfile, or has no licence, or the licence has no text.
 */
export function toNotices(made: Made, root: string): { readonly notices: string; readonly bom: string } {
  const own = readJson<Own>(join(root, 'package.json'));
  const apache = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  const { packages: locked } = readJson<{ packages: Record<string, Locked> }>(join(root, 'package-lock.json'));
  const bundled = findBundled(made, root, locked, apache);
  return {
    notices: toText(bundled, apache),
    bom: `${JSON.stringify(toBom(own, bundled, locked['node_modules/esbuild']?.version), null, 2)}\n`,
  };
}

function findBundled(
  { inputs, outputs }: Made,
  root: string,
  locked: Readonly<Record<string, Locked>>,
  apache: string,
): readonly Bundled[] {
  const files = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const own = '';
  const byFolder = Map.groupBy([...new Set(files)], (path) => folderOf(path) ?? own);
  const paths = [...byFolder].filter(([folder]) => folder !== own);
  const purlOf = (folder: string) => toPurl(nameOf(folder), locked[folder]?.version ?? '');
  const found = paths.map(([folder, its]): readonly [string, Bundled] => {
    const { version, license = readOldLicense(root, folder), integrity = '' } = locked[folder] ?? { version: '' };
    if (version === '' || integrity === '') throw new Error(`${folder} is bundled and not in package-lock.json`);
    if (license === '') throw new Error(`${folder} is bundled and names no licence`);
    const texts = readLicences(root, folder, its, license === 'Apache-2.0' ? apache : undefined);
    if (texts.length === 0) throw new Error(`${folder} is bundled, and its licence ${license} is without its text`);
    const imported = its.flatMap((path) => (inputs[path]?.imports ?? []).flatMap((one) => folderOf(one.path) ?? []));
    const others = imported.filter((other) => other !== folder && byFolder.has(other));
    const purl = purlOf(folder);
    const dependsOn = [...new Set(others.map(purlOf))].sort();
    return [purl, { name: nameOf(folder), version, license, integrity, texts, purl, dependsOn }];
  });
  // The same version may be installed in two places.
  return [...new Map(found).values()].sort((one, other) => (one.purl < other.purl ? -1 : 1));
}

/** The list that package.json once had for it, which npm does not copy into the lockfile; empty where it is not one licence. */
function readOldLicense(root: string, folder: string): string {
  const file = join(root, folder, 'package.json');
  const { licenses = [] } = readJson<{ licenses?: readonly { readonly type: string }[] }>(file);
  return licenses.length === 1 ? (licenses[0]?.type ?? '') : '';
}

/** `…/node_modules/a/node_modules/@b/c/d.js` → `node_modules/a/node_modules/@b/c`, as the lockfile has it. */
function folderOf(path: string): string | undefined {
  return /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** https://github.com/package-url/purl-spec, type npm. */
function toPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/**
 * The files that a package has for it; or the comments at the heads of its bundled files; or, where its author added nothing
 * to a text that everybody knows, that one.
 * @param files of it that are bundled.
 */
function readLicences(
  root: string,
  folder: string,
  files: readonly string[],
  known: string | undefined,
): readonly string[] {
  const place = join(root, folder);
  const own = readdirSync(place).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = own.sort().map((file) => readFileSync(join(place, file), 'utf8').trim());
  if (texts.some((text) => text !== '')) return texts;
  const heads = files
    .map((file) => readHead(readFileSync(join(place, file.slice(file.lastIndexOf(folder) + folder.length)), 'utf8')))
    .filter((head) => grant.test(head));
  if (heads.length > 0) return [...new Set(heads)].sort();
  const { author = '' } = readJson<{ author?: string }>(join(place, 'package.json'));
  return known === undefined || author === '' ? [] : [`Copyright ${author}\n\n${known}`];
}

/** The comment that a file begins with, without its marks; empty where there is none. */
function readHead(text: string): string {
  const [comment = ''] = /^(?:\s*\/\/[^\n]*\n)+|^\s*\/\*[\s\S]*?\*\//.exec(text) ?? [];
  return comment
    .replaceAll(/^\s*(?:\/\*+|\*+\/|\*|\/\/) ?|\s*\*+\/$/gm, '')
    .replaceAll(/[ \t]+$/gm, '')
    .trim();
}

function toText(bundled: readonly Bundled[], apache: string): string {
  return bundled
    .map(({ name, version, license, texts }) => `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`)
    .concat(
      `KServe ${kserveVersion} (Apache-2.0), the schema of an InferenceService's spec\n\nCopyright The KServe Authors\n\n${apache}\n`,
    )
    .join(`\n${'-'.repeat(72)}\n\n`);
}

/** https://cyclonedx.org/docs/1.6/json/ */
function toBom(own: Own, bundled: readonly Bundled[], builder: string | undefined): object {
  const root = toPurl(own.name, own.version);
  const schema = `pkg:golang/github.com/kserve/kserve@v${kserveVersion}`;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      tools: {
        components: [{ type: 'application', name: 'esbuild', ...(builder === undefined ? {} : { version: builder }) }],
      },
      component: {
        ...{ type: 'application', 'bom-ref': root, name: own.name, version: own.version },
        ...{ licenses: toLicenses(own.license), purl: root },
      },
    },
    components: [
      ...bundled.map(toComponent),
      {
        ...{ type: 'data', 'bom-ref': schema, name: 'kserve', version: kserveVersion },
        ...{
          description: "the schema of an InferenceService's spec",
          licenses: toLicenses('Apache-2.0'),
          purl: schema,
        },
      },
    ],
    dependencies: [
      { ref: root, dependsOn: [...bundled.map(({ purl }) => purl), schema].sort() },
      ...bundled.map(({ purl, dependsOn }) => ({ ref: purl, dependsOn })),
    ],
  };
}

function toComponent({ name, version, license, integrity, purl }: Bundled): object {
  const [, group, short = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  return {
    ...{ type: 'library', 'bom-ref': purl },
    ...(group === undefined ? {} : { group }),
    ...{ name: short, version, hashes: toHashes(integrity), licenses: toLicenses(license), purl },
  };
}

/** An identifier, or an expression of several. */
function toLicenses(license: string): readonly object[] {
  if (!/[\s()]/.test(license)) return [{ license: { id: license } }];
  return [{ expression: license.replace(/^\((.*)\)$/, '$1') }];
}

/** `sha512-…` in base64 → what CycloneDX calls it, in hexadecimal. */
function toHashes(integrity: string): readonly object[] {
  const [, size, sum] = /^sha(256|384|512)-([\w+/=]+)$/.exec(integrity) ?? [];
  if (size === undefined || sum === undefined)
    throw new Error(`package-lock.json has a sum that is not known: ${integrity}`);
  return [{ alg: `SHA-${size}`, content: Buffer.from(sum, 'base64').toString('hex') }];
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
