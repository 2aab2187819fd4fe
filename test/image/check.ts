/**
 * `npm run test:image`: builds the image of `plugin/Dockerfile`, where it is not there yet, looks at what is in it, and runs it as
 * a cluster would. One line per check; the exit code is 1 when one of them fails.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { checkThat, endChecks } from '../checks.ts';
import { run } from '../stack/run-command.ts';
import { nodeVersion } from './base.ts';
import { buildImage } from './build.ts';
import { type Mount, toContained, user } from './container.ts';
import { type Image, imageFolder, root } from './image.ts';

interface Step {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

interface Plugin {
  readonly spec: {
    readonly discover: { readonly find: Step };
    readonly generate: Step;
    readonly parameters: { readonly dynamic: Step };
  };
}

const pluginFile = 'home/argocd/cmp-server/config/plugin.yaml';
const ownFolder = 'opt/model-mirror';
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function expect(actual: unknown, expected: unknown): readonly string[] {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  return is === should ? [] : [`it is ${is}, and should be ${should}`];
}

const scratch = mkdtempSync(join(tmpdir(), 'model-mirror-image-'));
try {
  const image = buildImage(say);
  const files = [...list(image.root)];
  await checkConfig(image);
  await checkContents(image, files);
  await checkLicences(image);
  await checkRights(image, files);
  await checkEntryPoint(image);
  await checkPlugin(image);
  await checkThat('nothing is left of building it', findLeftovers);
  const bytes = files.reduce((sum, path) => sum + lstatSync(join(image.root, path)).size, 0);
  say(
    `${files.length} files, ${(bytes / 1e6).toFixed(0)} MB, of which Node is ${sizeOf(image, 'usr/local/bin/node')} MB`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
endChecks();

async function checkConfig({ config }: Image): Promise<void> {
  await checkThat('it runs as user 999, in /tmp, with no variable but PATH', () => [
    ...expect(config.User, `${user}`),
    ...expect(config.WorkingDir, '/tmp'),
    ...expect(
      toVariables(config.Env).map(([name]) => name),
      ['PATH'],
    ),
  ]);
  await checkThat('without arguments it shows its help', () => [
    ...expect(config.Entrypoint, ['model-mirror']),
    ...expect(config.Cmd, ['--help']),
  ]);
}

async function checkContents(image: Image, files: readonly string[]): Promise<void> {
  await checkThat('it has no package manager of Node, no compiler, no sources and no development dependencies', () => {
    const tools = /^(npm|npx|yarn|yarnpkg|pnpm|corepack|esbuild|tsc|gcc|g\+\+|cc|c\+\+|clang|ld|as|make)$/;
    const isTool = (path: string) => /(^|\/)s?bin\//.test(path) && tools.test(basename(path));
    return files.filter((path) => isTool(path) || /(^|\/)node_modules$|\.(ts|map|h|tgz)$/.test(path));
  });
  await checkThat('its program is what `npm run build` makes here, byte by byte', () => {
    const list = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
    const [own, there] = [join(root, 'dist'), join(image.root, ownFolder, 'dist')];
    // V8's compiled code is of the machine's processor.
    const both = list(own).filter((name) => lstatSync(join(own, name)).isFile() && name !== 'cli.code');
    const differing = both.filter((name) => !readFileSync(join(own, name)).equals(readFileSync(join(there, name))));
    return [...expect(list(there), list(own)), ...differing];
  });
  await checkThat('nothing of ours has a path of where it was built, a source map or the registry’s name', () => {
    const registry = new URL(run('npm', ['config', 'get', 'registry']).trim()).hostname;
    const unwanted = ['sourceMappingURL', `/${ownFolder}/src`, 'model-mirror-build-', root, registry];
    return ours(files).flatMap((path) => {
      const text = readFileSync(join(image.root, path), 'latin1');
      return unwanted.filter((mark) => text.includes(mark)).map((mark) => `${path} has ${mark}`);
    });
  });
  await checkThat('it has no settings or credentials of whoever built it', () => {
    const private_ =
      /(^|\/)(\.npmrc|npmrc|\.netrc|\.git-credentials|\.gitconfig|\.docker|\.kube|\.ssh|id_[a-z0-9]+|\.npm)(\/|$)/;
    const found = files.filter((path) => private_.test(path));
    const text = /_authToken|_password=|BEGIN [A-Z ]*PRIVATE KEY/;
    const open = [...ours(files), ...files.filter((path) => /^(root|home|etc)\//.test(path) && isFile(image, path))];
    return [
      ...found,
      ...open.filter((path) => !path.endsWith('.cjs') && text.test(readFileSync(join(image.root, path), 'latin1'))),
    ];
  });
  await checkThat(`its Node is the one of package-lock.json, and takes the code that was compiled for it`, () => {
    const hook = `const vm = require('node:vm'), { Script } = vm;
      vm.Script = class extends Script {
        constructor(...words) { super(...words); process._rawDebug('rejected: ' + this.cachedDataRejected); }
      };`;
    writeFileSync(join(scratch, 'hook.cjs'), hook);
    const mounts = [{ from: join(scratch, 'hook.cjs'), to: '/tmp/hook.cjs' }];
    const { stderr } = start(
      image,
      ['node', '--require', '/tmp/hook.cjs', `/${ownFolder}/dist/model-mirror.cjs`, 'render', '/none'],
      {
        mounts,
      },
    );
    return [
      ...expect(start(image, ['node', '--version']).stdout.trim(), `v${nodeVersion()}`),
      ...expect(stderr.split('\n')[0], 'rejected: false'),
    ];
  });
}

async function checkLicences(image: Image): Promise<void> {
  const read = (path: string) => readFileSync(join(image.root, path), 'utf8');
  await checkThat(
    'the licences of all parts are in it: ours, of bundled libraries, Node’s and of Debian’s packages',
    () => [
      ...expect(read(`${ownFolder}/LICENSE`), readFileSync(join(root, 'LICENSE'), 'utf8')),
      ...expect(read(`${ownFolder}/dist/THIRD-PARTY-NOTICES`).includes('\nisomorphic-git 1.'), true),
      ...expect(/^Node\.js is licensed for use as follows/m.test(read('usr/local/LICENSE')), true),
      ...['libc6', 'libstdc++6', 'libatomic1', 'coreutils']
        .map((name) => `usr/share/doc/${name}`)
        .filter((folder) => !existsSync(join(image.root, folder))),
    ],
  );
  await checkThat('the bill of materials is in it', () => {
    const bom = JSON.parse(read(`${ownFolder}/dist/sbom.cdx.json`)) as {
      readonly metadata: { readonly component: { readonly purl: string } };
      readonly components: readonly object[];
    };
    return [
      ...expect(bom.metadata.component.purl, `pkg:npm/model-mirror@${version}`),
      ...expect(bom.components.length > 50, true),
    ];
  });
}

async function checkRights(image: Image, files: readonly string[]): Promise<void> {
  await checkThat('no file has the set-user-ID or set-group-ID bit', () =>
    files.filter((path) => isFile(image, path) && (lstatSync(join(image.root, path)).mode & 0o6000) !== 0),
  );
  await checkThat('all of it is root’s, and what is ours nobody else may write', () => {
    const foreign = files.filter((path) => lstatSync(join(image.root, path)).uid !== 0);
    const open = ours(files).filter((path) => {
      const { mode, gid } = lstatSync(join(image.root, path));
      return gid !== 0 || (mode & 0o022) !== 0;
    });
    return [...foreign, ...open];
  });
  await checkThat('it runs without capabilities, and cannot get any', () => {
    const { stdout } = start(image, ['cat', '/proc/self/status']);
    const value = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(stdout)?.[1];
    const none = '0000000000000000';
    return [
      ...expect(value('Uid'), [user, user, user, user].join('\t')),
      ...expect(value('Gid'), '0\t0\t0\t0'),
      ...['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].flatMap((name) =>
        expect([name, value(name)], [name, none]),
      ),
      ...expect(value('NoNewPrivs'), '1'),
    ];
  });
  await checkThat('it can write in /tmp and nowhere else', () => {
    // Both for the mount, which is read-only, and for the files' own rights: there a folder may be open for all.
    const program = `const fs = require('node:fs'), { join } = require('node:path');
      const errors = {};
      const look = (folder) => {
        const file = join(folder, 'model-mirror-was-here');
        try { fs.writeFileSync(file, ''); errors.written = [...(errors.written ?? []), folder]; }
        catch ({ code }) { errors[code] = (errors[code] ?? 0) + 1; }
        let entries = [];
        try { entries = fs.readdirSync(folder, { withFileTypes: true }); } catch {}
        for (const entry of entries)
          if (entry.isDirectory() && !['/proc', '/dev'].includes(join(folder, entry.name))) look(join(folder, entry.name));
      };
      look('/');
      process.stdout.write(JSON.stringify(errors));`;
    const { stdout, stderr } = start(image, ['node', '--eval', program]);
    const { written = [], EROFS = 0, ...others } = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`);
    // It cannot even look into some folders of root's.
    const { EACCES: _, ...strange } = others;
    return [...expect(written, ['/tmp']), ...expect(EROFS > 100, true), ...expect(strange, {})];
  });
}

async function checkEntryPoint(image: Image): Promise<void> {
  await checkThat('its entry point runs the program', () => [
    ...expect(enter(image, ['--version']), { stdout: `${version}\n`, stderr: '', status: 0 }),
    ...expect(enter(image, image.config.Cmd ?? []).stdout.includes('Usage: model-mirror'), true),
  ]);
  for (const [command, flag] of [
    ['watch', '--repo'],
    ['compare', '--listen'],
  ] as const)
    await checkThat(`it has what a Deployment runs: ${command}`, () => {
      const { stdout, status } = enter(image, [command, '--help']);
      return [
        ...expect(status, 0),
        ...expect(stdout.includes(`Usage: model-mirror ${command}`) && stdout.includes(flag), true),
      ];
    });
  await checkThat('a command that fails says so, and nothing about its own code', () => {
    const { stderr, status } = enter(image, ['render', '/none']);
    return [...expect(status !== 0 && stderr.includes('/none'), true), ...expect(/\n\s+at /.test(stderr), false)];
  });
}

/** What cmp-server does of plugin.yaml, as it does. */
async function checkPlugin(image: Image): Promise<void> {
  const text = readFileSync(join(image.root, pluginFile), 'utf8');
  const { spec } = parse(text) as Plugin;
  const app = join(scratch, 'app');
  cpSync(join(root, 'fixtures/rollout/gate-none/input'), app, { recursive: true });
  const environment = { ARGOCD_APP_SOURCE_PATH: '.', ARGOCD_APP_NAMESPACE: 'default', ARGOCD_APP_PARAMETERS: 'null' };
  const runStep = ({ command, args }: Step) =>
    start(image, [...command, ...args], { environment, mounts: [{ from: app, to: '/tmp/app' }], folder: '/tmp/app' });
  await checkThat('plugin.yaml is where cmp-server looks for it', () =>
    expect(text, readFileSync(join(root, 'plugin.yaml'), 'utf8')),
  );
  await checkThat('plugin.yaml: it discovers what it is for', () => {
    const { stdout, status } = runStep(spec.discover.find);
    return [...expect(status, 0), ...expect(/^\.\/\w+\.yaml\n$/.test(stdout), true)];
  });
  await checkThat('plugin.yaml: it renders what `model-mirror render` does here', () => {
    const { stdout, stderr, status } = runStep(spec.generate);
    const here = spawnSync(process.execPath, [join(root, 'dist/model-mirror.cjs'), ...spec.generate.args.slice(1)], {
      ...{ cwd: app, encoding: 'utf8' },
      env: environment,
    });
    return [
      ...expect({ stderr, status }, { stderr: '', status: 0 }),
      ...expect(stdout.length > 1000, true),
      ...expect(stdout, here.stdout),
    ];
  });
  await checkThat('plugin.yaml: it announces its parameters', () => {
    const { stdout, status } = runStep(spec.parameters.dynamic);
    return [...expect(status, 0), ...expect((JSON.parse(stdout) as readonly object[]).length > 0, true)];
  });
}

function findLeftovers(): readonly string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const kept = ['base.sha256', 'image.json', 'rootfs', 'storage'];
  const containers = JSON.parse(
    readFileSync(join(imageFolder, 'storage/vfs-containers/containers.json'), 'utf8'),
  ) as object[];
  return [
    ...mounts.filter((line) => line.includes(imageFolder)),
    ...readdirSync(imageFolder).filter((name) => !kept.includes(name)),
    ...expect(containers.length, 0),
    ...['/var/lib/containers', '/run/containers'].filter((folder) => existsSync(folder)),
  ];
}

/** Runs something in it, with the image's own variables and these. */
function start(
  { root: place, config }: Image,
  command: readonly string[],
  {
    environment = {},
    ...more
  }: {
    readonly environment?: Record<string, string>;
    readonly mounts?: readonly Mount[];
    readonly folder?: string;
  } = {},
) {
  const variables = { ...Object.fromEntries(toVariables(config.Env)), ...environment };
  const [program, ...words] = toContained({ root: place, environment: variables, hasTmp: true, ...more }, command);
  const { stdout, stderr, status } = spawnSync(program, words, { encoding: 'utf8' });
  return { stdout, stderr, status };
}

/** As a container that is given these arguments. */
function enter(image: Image, words: readonly string[]) {
  return start(image, [...(image.config.Entrypoint ?? []), ...words]);
}

function toVariables(env: readonly string[] = []): readonly (readonly [name: string, value: string])[] {
  return env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

/** All that is in a folder, relative to it. Links are not followed, as `readdirSync` itself would: /var/run leads out of the image. */
function* list(folder: string, place = ''): Generator<string> {
  for (const entry of readdirSync(join(folder, place), { withFileTypes: true })) {
    const path = join(place, entry.name);
    yield path;
    if (entry.isDirectory()) yield* list(folder, path);
  }
}

/** The files that the Dockerfile adds. */
function ours(files: readonly string[]): readonly string[] {
  return files.filter(
    (path) =>
      path === pluginFile || (path.startsWith(`${ownFolder}/`) && /\.\w+$|LICENSE|NOTICES/.test(basename(path))),
  );
}

function isFile(image: Image, path: string): boolean {
  return lstatSync(join(image.root, path)).isFile();
}

function sizeOf(image: Image, path: string): string {
  return (lstatSync(join(image.root, path)).size / 1e6).toFixed(0);
}
