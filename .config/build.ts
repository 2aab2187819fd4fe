/**
 * Builds `dist/`: one file for the commands that must start fast, with V8's compiled code beside it,
 * and one for each command that may take longer to load.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { toNotices } from './notices.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const source = join(root, 'src');
const cli = join(source, 'cli');
const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
};
const [, oldestNode] = /^>=(\d+)$/.exec(engines.node) ?? [];
if (oldestNode === undefined) throw new Error(`engines of package.json: ${engines.node} names no oldest Node`);

/** What is imported only when it is needed, such as a command, becomes a file of its own. */
const commandsApart: Plugin = {
  name: 'commands-apart',
  setup({ onResolve, onLoad }) {
    // The same library as modules that can be left out one by one; its form for Node is one piece.
    onResolve({ filter: /^yaml$/ }, () => ({ path: join(root, 'node_modules/yaml/browser/dist/index.js') }));
    onResolve({ filter: /^\.\.?\/[a-z/-]+\.ts$/ }, ({ kind, path, resolveDir }) =>
      kind === 'dynamic-import' ? { path: `./${toBundleName(join(resolveDir, path))}.cjs`, external: true } : undefined,
    );
    // commander needs it for commands in programs of their own, which there are none of; loading it
    // costs a tenth of Node's start.
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('/commander/') ? { path: 'none', namespace: 'empty' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}' }));
    // What ssh2 has in native code if that was built: without it, it uses Node's own.
    onResolve({ filter: /^cpu-features$|\/sshcrypto\.node$/ }, () => ({ path: 'native', namespace: 'missing' }));
    onLoad({ filter: /.*/, namespace: 'missing' }, () => ({ contents: "throw new Error('not in this bundle')" }));
  },
};

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [
    { in: join(root, 'src/cli/start.ts'), out: 'model-mirror' },
    { in: join(root, 'src/cli/entry.ts'), out: 'cli' },
    ...findPartsApart().map((file) => ({ in: file, out: toBundleName(file) })),
  ],
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: `node${oldestNode}`,
  minify: true,
  charset: 'ascii',
  legalComments: 'none',
  supported: { 'dynamic-import': false },
  define: { MODEL_MIRROR_VERSION: JSON.stringify(version), MODEL_MIRROR_OLDEST_NODE: oldestNode },
  plugins: [commandsApart],
  metafile: true,
  logLevel: 'warning',
});
for (const name of readdirSync(dist)) {
  const file = join(dist, name);
  writeFileSync(file, toAscii(readFileSync(file, 'utf8')));
}
chmodSync(join(dist, 'model-mirror.cjs'), 0o755);
// What each bundle is made of, for the test that looks at what rendering loads.
mkdirSync(join(root, 'node_modules/.cache/model-mirror'), { recursive: true });
writeFileSync(join(root, 'node_modules/.cache/model-mirror/bundles.json'), JSON.stringify(metafile.outputs));
mkdirSync(join(dist, 'pinned'));
writeFileSync(join(dist, 'pinned/plugin.yaml'), toPinned(readFileSync(join(root, 'plugin.yaml'), 'utf8')));
const { notices, bom } = toNotices(metafile, root);
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES'), notices);
writeFileSync(join(dist, 'sbom.cdx.json'), bom);

const example = mkdtempSync(join(tmpdir(), 'model-mirror-build-'));
try {
  writeExample(example);
  // In a process of its own: the code is kept as far as running it has compiled it.
  execFileSync(
    process.execPath,
    [join(dist, 'model-mirror.cjs'), 'render', '.', '--output', 'json', '--repo-root', '.'],
    {
      cwd: example,
      env: { ...process.env, MODEL_MIRROR_KEEP_CODE: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
} finally {
  rmSync(example, { recursive: true, force: true });
}

/** Every file that another one imports dynamically: the plugin above leaves it out of the importer's bundle. */
function findPartsApart(): string[] {
  const importers = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const parts = importers.flatMap((importer) =>
    [...readFileSync(join(source, importer), 'utf8').matchAll(/\bimport\('(\.[a-z./-]+\.ts)'\)/g)].map(
      ([, path = '']) => join(source, dirname(importer), path),
    ),
  );
  return [...new Set(parts)].sort();
}

/** `cli/status/run.ts` → `status`, `cli/edit/confirm.ts` → `edit-confirm`, `io/git/transports/ssh/library.ts` → `ssh-library`. */
function toBundleName(file: string): string {
  const parts = relative(cli, file).startsWith('..') ? file.split('/').slice(-2) : relative(cli, file).split('/');
  return parts.join('-').replace(/(-run)?\.ts$/, '');
}

/**
 * esbuild's `charset` leaves tagged templates and regular expressions as they are. V8 keeps text of one byte per character as such,
 * and it is read as that: any other character would be shown as two or three wrong ones.
 */
function toAscii(code: string): string {
  if (/String\.raw`[^`]*[^\0-\x7f]/.test(code)) throw new Error('String.raw shows escapes: write its text in ASCII');
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** plugin.yaml with the release in the plugin's name, so that two releases can be sidecars of one repo-server. */
function toPinned(plugin: string): string {
  const [head, spec] = plugin.split(/^spec:\n(?: +#.*\n)*/m);
  if (spec === undefined) throw new Error('plugin.yaml has no spec');
  return `${head}spec:\n  version: v${version}\n${spec}`.replace(/(plugin\.name: model-mirror)$/m, `$1-v${version}`);
}

function writeExample(folder: string): void {
  const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
  const version = (name: string) => `{version: ${name}, storageUri: "s3://models/${name}"}`;
  writeFileSync(
    join(folder, 'model.yaml'),
    `${head}kind: Model
metadata: {name: example, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec:
      predictor:
        model:
          modelFormat: {name: sklearn}
  primary: ${version('v1')}
  candidate: ${version('v2')}
`,
  );
  writeFileSync(
    join(folder, 'policy.yaml'),
    `${head}kind: MirrorPolicy\nmetadata: {name: example}\nspec: {mirrorPercentage: 20, gate: None}\n`,
  );
  writeFileSync(
    join(folder, 'status.yaml'),
    `${head}kind: ModelStatus
metadata: {name: example, namespace: models}
status:
  primary: {name: example-0, version: v1, digest: "0", state: Ready}
  candidate: {name: example-1, version: v2, digest: "0", state: Loading}
`,
  );
}
