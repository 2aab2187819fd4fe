/**
 * Releases a clone of this repository, as it is committed, to a folder, and installs from there as a user would:
 * the file, and by its version from a registry. Nothing leaves this machine. One line per check.
 */
import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findVersions, mayNameVersion } from '../../.config/version-places.ts';
import { check, endChecks } from '../checks.ts';
import { serveRegistry } from './registry.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'model-mirror-release-check-'));
const clone = join(folder, 'clone');
const shelf = join(folder, 'registry');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not synchronous: the registry answers meanwhile, from this very process. */
async function run(cwd: string, program: string, ...words: string[]): Promise<Outcome> {
  // Without the question whether there is a newer npm, which goes to another host.
  const env = { ...process.env, npm_config_userconfig: join(folder, 'npmrc'), npm_config_update_notifier: 'false' };
  return promisify(execFile)(program, words, { cwd, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  );
}

const git = (...words: string[]) => execFileSync('git', words, { cwd: clone, encoding: 'utf8' }).trim();
const release = (...words: string[]) => run(clone, 'npm', 'run', '--silent', 'release', '--', '--to', shelf, ...words);
const read = (file: string) => readFileSync(join(clone, file), 'utf8');

/** All that a release could change. */
const lookAt = () => [
  git('rev-parse', 'HEAD'),
  git('status', '--porcelain'),
  git('tag'),
  git('worktree', 'list'),
  listShelf(),
];
const listShelf = () => (existsSync(shelf) ? readdirSync(shelf).sort() : []);

function commitFile(file: string, text: string): void {
  writeFileSync(join(clone, file), text);
  git('add', file);
  git('commit', '--quiet', '--message', `change ${file}`);
}

async function checkRefusal(name: string, wanted: RegExp): Promise<void> {
  const before = lookAt();
  const { code, stderr } = await release();
  check(`${name}: refused`, `${code} ${stderr}`, wanted);
  check(`${name}: nothing was changed`, lookAt(), before);
}

async function checkInstall(name: string, version: string, ...words: string[]): Promise<void> {
  const user = join(folder, name.replaceAll(' ', '-'));
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{"private": true}\n');
  const apart = ['--cache', join(user, 'cache'), '--no-audit', '--no-fund'];
  const { stderr } = await run(user, 'npm', 'install', ...apart, ...words);
  const { stdout } = await run(user, join(user, 'node_modules/.bin/model-mirror'), '--version');
  check(`${name}: it is ${version}${stderr === '' ? '' : ` (${stderr})`}`, stdout, `${version}\n`);
}

try {
  writeFileSync(join(folder, 'npmrc'), '');
  execFileSync('git', ['clone', '--quiet', root, clone]);
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  writeFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
  git('switch', '--quiet', '--force-create', 'main');
  git('config', 'user.name', 'Ada');
  git('config', 'user.email', 'ada@example.com');
  for (const name of readdirSync(join(clone, '.changeset')).filter((file) => file.endsWith('.md'))) {
    git('rm', '--quiet', `.changeset/${name}`);
    git('commit', '--quiet', '--message', 'none waits');
  }
  const [major = 0, minor = 0] = (JSON.parse(read('package.json')) as { version: string }).version
    .split('.')
    .map(Number);
  const version = `${major}.${minor + 1}.0`;
  const tag = `v${version}`;
  const changelog = read('CHANGELOG.md');

  await checkRefusal(
    'no changeset',
    /^1 release: there is nothing to release: no changeset waits\n {4}.*npx changeset\n$/,
  );
  commitFile('.changeset/one.md', "---\n'model-mirror': patch\n---\n\nA small thing is fixed.\n");
  commitFile('.changeset/two.md', '---\n"model-mirror": minor\n---\n\nSomething is new,\nand takes two lines.\n');
  const { MODEL_MIRROR_STACK: stack, PATH: path } = process.env;
  Object.assign(process.env, {
    MODEL_MIRROR_STACK: folder,
    PATH: path
      ?.split(':')
      .filter((place) => !existsSync(join(place, 'helm')))
      .join(':'),
  });
  await checkRefusal('no Helm', /^1 release: there is no helm, .*\n {4}build it: npm run stack:build -- helm\n/);
  delete process.env['MODEL_MIRROR_STACK'];
  Object.assign(process.env, { PATH: path, ...(stack && { MODEL_MIRROR_STACK: stack }) });
  writeFileSync(join(clone, 'stray.txt'), '');
  await checkRefusal('a stray file', /^1 release: the work tree is not clean:\n\?\? stray\.txt\n/);
  rmSync(join(clone, 'stray.txt'));
  git('tag', tag);
  await checkRefusal('the tag is there', new RegExp(`^1 release: there is a tag ${tag} already`));
  git('tag', '--delete', tag);
  const plugin = read('plugin.yaml');
  commitFile('plugin.yaml', plugin.replace(/model-mirror@[\d.]+\d/, 'model-mirror@0.0.9'));
  await checkRefusal('a version that drifted', /^1 release: package\.json says .*plugin\.yaml:1 names 0\.0\.9\n/);
  commitFile('plugin.yaml', plugin);
  const build = read('.config/build.ts');
  commitFile('.config/build.ts', `throw new Error('no build today');\n`);
  await checkRefusal('a build that fails', /^1 release: \.config\/build\.ts failed: [\s\S]*no build today/);
  commitFile('.config/build.ts', build);
  writeFileSync(shelf, '');
  const { code, stderr } = await release();
  check(
    'a folder that cannot be: refused',
    `${code} ${stderr}`,
    /^1 release: it cannot be written to [\s\S]*nothing was changed/,
  );
  check('a folder that cannot be: no tag', git('tag'), '');
  rmSync(shelf);

  const before = lookAt();
  const trial = await release('--dry-run');
  check(
    '--dry-run says what it would do',
    trial.stdout,
    new RegExp(`^Would release model-mirror ${version}:\n\n## ${version}\n\n- Something`),
  );
  check('--dry-run: nothing was changed', lookAt(), before);

  const signers = join(folder, 'signers');
  const key = join(folder, 'signing');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  writeFileSync(signers, `* ${readFileSync(`${key}.pub`, 'utf8')}`);
  const signing = { 'gpg.format': 'ssh', 'gpg.ssh.allowedSignersFile': signers, 'user.signingKey': key };
  for (const [name, value] of Object.entries({ ...signing, 'commit.gpgSign': 'true', 'tag.gpgSign': 'true' }))
    git('config', name, value);
  const parent = git('rev-parse', 'HEAD');
  const done = await release();
  check('it releases', `${done.code} ${done.stderr}`, '0 ');
  check(
    'it says what is next',
    done.stdout,
    new RegExp(`\n\nNext: git push --atomic origin main ${tag}\n {6}npm publish `),
  );
  check('one commit more', git('log', '--format=%s', `${parent}..main`), `Version ${version}`);
  check(
    'the tag is annotated, and of that commit',
    [git('cat-file', '-t', tag), git('rev-parse', `${tag}^{}`)],
    ['tag', git('rev-parse', 'main')],
  );
  const verified = [await run(clone, 'git', 'verify-commit', 'main'), await run(clone, 'git', 'verify-tag', tag)];
  check(
    'commit and tag are signed where git is configured to',
    verified.map(({ stderr }) => /^Good "git" signature/.test(stderr)),
    [true, true],
  );
  check('the work tree is clean', git('status', '--porcelain'), '');
  check('no work tree is left', git('worktree', 'list').split('\n').length, 1);
  const entry = `## ${version}\n\n- Something is new,\n  and takes two lines.\n- A small thing is fixed.\n\n`;
  check('the changelog', read('CHANGELOG.md'), changelog.replace('## ', `${entry}## `));
  check('no changeset is left', readdirSync(join(clone, '.changeset')), ['config.json']);
  const named = git('ls-files')
    .split('\n')
    .filter(mayNameVersion)
    .flatMap((file) => findVersions(read(file)));
  check('every place names the version', [...new Set(named.map((place) => place.version))], [version]);
  const changed = git('show', '--format=', '--unified=0', 'HEAD', '--', ':!CHANGELOG.md', ':!.changeset')
    .split('\n')
    .filter((line) => /^\+(?!\+\+)/.test(line));
  check(
    'and nothing else is changed',
    changed.filter((line) => !line.includes(version)),
    [],
  );
  const tarball = `model-mirror-${version}.tgz`;
  const executables = ['model-mirror-linux-arm64', 'model-mirror-linux-x64'].flatMap((name) => [
    name,
    `${name}.sha256`,
  ]);
  const beside = ['model-mirror-executables.THIRD-PARTY-NOTICES', 'model-mirror-executables.sbom.cdx.json'];
  check(
    'what is in the folder',
    new Set(listShelf()),
    new Set([tarball, `${tarball}.sha256`, 'install.yaml', ...executables, ...beside]),
  );
  const own = (await run(shelf, join(shelf, 'model-mirror-linux-x64'), '--version')).stdout;
  check('the executable is that release', own, `${version}\n`);
  const installFile = readFileSync(join(shelf, 'install.yaml'), 'utf8');
  const image = `image: "images.example.com/ml/model-mirror:${version}"`;
  check('install.yaml has the image of that version', installFile.includes(image), true);
  check('the sum', (await run(shelf, 'sha256sum', '--check', `${tarball}.sha256`)).stdout, `${tarball}: OK\n`);
  await checkInstall('installed from the file', version, '--offline', join(shelf, tarball));
  const registry = await serveRegistry(shelf);
  try {
    await checkInstall('installed from a registry', version, '--registry', registry.url, `model-mirror@${version}`);
    check('the registry was asked for it', registry.asked, ['/model-mirror', `/model-mirror/-/${tarball}`]);
  } finally {
    registry.close();
  }
  await checkRefusal('a second time', /^1 release: there is nothing to release/);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
endChecks();
