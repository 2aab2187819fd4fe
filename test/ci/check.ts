/**
 * The GitHub action and the GitLab template of `plugin/ci`: what they say, and their very steps, run with bash in
 * clones as the hosts make them. The package comes from a server on this machine, and the comments go to
 * fakes. One line per check; the exit code is 1 when one of them fails.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { toFoundFile } from '../../src/core/input/folder-tree.ts';
import { renderDigests } from '../../src/core/render/digests.ts';
import type { DecidedVersion } from '../../src/core/rollout/decided.ts';
import { marker } from '../../src/output/pull-request-markdown.ts';
import { check, endChecks } from '../checks.ts';
import { ReviewHost } from '../io/review/review-host.ts';
import { serveRegistry } from '../release/registry.ts';
import type { JobOutcome } from './action.ts';
import { readAction, runAction } from './action.ts';
import { readTemplate, runJob } from './pipeline.ts';

const root = join(import.meta.dirname, '../..');
const files = join(root, 'plugin/ci');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-ci-')));
const origin = join(folder, 'origin');
const shelf = join(folder, 'registry');

/** The inputs by which it is named. */
type Package = Readonly<Record<'package' | 'sha256', string>>;

function git(cwd: string, ...words: string[]): string {
  const person = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };
  const other = { GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.com' };
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', ...person, ...other };
  return execFileSync('git', words, { cwd, encoding: 'utf8', env }).trim();
}

function commit(branch: string, model: string, extra: Readonly<Record<string, string>> = {}): void {
  if (branch !== 'main') git(origin, 'checkout', '--quiet', '-B', branch, 'main');
  for (const [file, text] of Object.entries({ 'models/wisdom/model.yaml': model, ...extra }))
    writeFileSync(join(origin, file), text);
  git(origin, 'add', '--all');
  git(origin, 'commit', '--quiet', '--allow-empty', '--message', branch);
}

function toModel(candidate: string, field = 'version'): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/v1"}
  candidate: {${field}: ${candidate}, storageUri: "s3://models/${candidate}"}
`;
}

/** A promotion by hand, where the policy wants the candidate mirrored for a day first. */
function toEarlyPromotion(): Readonly<Record<string, string>> {
  const tried = toModel('v2');
  const path = 'models/wisdom/model.yaml';
  const source = { path, text: tried };
  const tree = { folder: 'models', policyRoot: '.', ignoredPolicies: [], problems: [], read: () => source };
  const [rendered] = renderDigests({ ...tree, files: [toFoundFile(path)] }, { cluster: undefined }).rollouts;
  const [candidate] = rendered?.candidates ?? [];
  if (rendered === undefined || candidate === undefined) throw new Error('it does not render');
  const head = (kind: string) => `apiVersion: model-mirror.dev/v1alpha1\nkind: ${kind}\n`;
  const toObserved = ({ version: { name, declared }, digest }: DecidedVersion) =>
    `{name: ${name}, version: ${declared.version}, digest: "${digest}", state: Ready}`;
  return {
    [path]: tried.replace(/ {2}primary: .*\n/, '').replace('  candidate:', '  primary:'),
    'models/policy.yaml': `${head('MirrorPolicy')}metadata: {name: all}\nspec: {limits: {minMirrorTime: 24h}}\n`,
    'models/wisdom/status.yaml': `${head('ModelStatus')}metadata: {name: wisdom, namespace: models}
status:
  primary: ${toObserved(rendered.primary)}
  candidates: [${toObserved(candidate)}]
`,
  };
}

/** What a pull request must not affect: the source of the package. */
const hostile = { '.npmrc': 'registry=http://127.0.0.1:9/\n' };

/** A clone as actions/checkout makes it: no branch, the merge of the pull request, and the base at its remote. */
function checkOut(branch: string, name: string): string {
  const clone = join(folder, name);
  if (branch === 'shallow') {
    git(folder, 'clone', '--quiet', '--depth', '1', '--branch', 'feature', `file://${origin}`, clone);
    return clone;
  }
  git(folder, 'clone', '--quiet', origin, clone);
  git(clone, 'checkout', '--quiet', '--detach', 'origin/main');
  git(clone, 'merge', '--quiet', '--no-ff', '--message', 'as the host merges it', `origin/${branch}`);
  return clone;
}

function makeOrigin(): void {
  mkdirSync(join(origin, 'models/wisdom'), { recursive: true });
  git(origin, 'init', '--quiet', '--initial-branch', 'main');
  commit('main', toModel('v2'));
  commit('feature', toModel('v3'), hostile);
  commit('again', toModel('v4'));
  commit('broken', toModel('v3', 'verison'));
  commit('unrelated', toModel('v2'));
  commit('early', '', toEarlyPromotion());
  git(origin, 'checkout', '--quiet', 'main');
}

/** What both hosts' runners have; the registry is the user's, over which an .npmrc of a project would win. */
function toRunner(registry: string): Readonly<Record<string, string>> {
  writeFileSync(
    join(folder, '.npmrc'),
    `registry=${registry}
cache=${join(folder, 'cache')}
update-notifier=false
`,
  );
  return { PATH: process.env['PATH'] ?? '', HOME: folder };
}

/** For git's own tests: every folder seems to be another user's. */
const anotherOwner = { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };

/** All programs that there are but git. */
function toPathWithoutGit(): string {
  const bin = join(folder, 'bin');
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  for (const place of (process.env['PATH'] ?? '').split(':').filter((one) => existsSync(one)))
    for (const name of readdirSync(place))
      if (!/^git(-|$)/.test(name) && !existsSync(join(bin, name))) symlinkSync(join(place, name), join(bin, name));
  return bin;
}

function checkFiles(): void {
  const action = readAction(join(files, 'github/action.yml'));
  for (const input of ['package', 'sha256'])
    check(
      `action: ${input} has no default`,
      [action.inputs[input]?.required, action.inputs[input]?.default],
      [true, undefined],
    );
  const scripts = action.runs.steps.map(({ run }) => run);
  check(
    'action: nothing is put into a script',
    scripts.filter((script) => script.includes('${{')),
    [],
  );
  check('action: no other action is used', JSON.stringify(action).includes('"uses"'), false);
  const text = readFileSync(join(files, 'github/workflow.yaml'), 'utf8');
  const workflow = parse(text) as {
    on: object;
    permissions: object;
    jobs: { 'model-mirror': { permissions?: object; steps: { uses: string; with?: Record<string, unknown> }[] } };
  };
  const job = workflow.jobs['model-mirror'];
  const [checkout, , own] = job.steps;
  check('workflow: least permissions', workflow.permissions, { contents: 'read', 'pull-requests': 'write' });
  check('workflow: and the job has no others', job.permissions, undefined);
  check('workflow: on pull_request alone', Object.keys(workflow.on), ['pull_request']);
  check('workflow: the checkout', checkout?.with, { 'fetch-depth': 0, 'persist-credentials': false });
  const loose = job.steps.filter(({ uses }) => !/^(\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40}$)/.test(uses));
  check('workflow: actions are pinned by commit', loose, []);
  const unknown = Object.keys(own?.with ?? {}).filter((name) => action.inputs[name] === undefined);
  check('workflow: passes what the action takes', unknown, []);
  const missing = Object.entries(action.inputs).filter(
    ([name, { required }]) => required && !(name in (own?.with ?? {})),
  );
  check('workflow: passes what the action needs', missing, []);
  const { inputs, jobs } = readTemplate(join(files, 'gitlab/model-mirror.gitlab-ci.yml'));
  for (const input of ['package', 'sha256'])
    check(`template: ${input} has no default`, [input in inputs, inputs[input]?.default], [true, undefined]);
  // Of the official images of Node those without a suffix have git, as buildpack-deps does; slim and alpine have none.
  check('template: the image has git', inputs['image']?.default, /^node:\d+$/);
  for (const [name, { rules, variables, before_script: before, script }] of Object.entries(jobs)) {
    check(`${name}: in merge requests alone`, rules, [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
    check(`${name}: with all commits`, variables['GIT_DEPTH'], '0');
    check(
      `${name}: nothing is put into a script`,
      [...before, ...script].filter((line) => line.includes('$[[')),
      [],
    );
  }
}

async function checkGithub(runner: Readonly<Record<string, string>>, made: Package): Promise<void> {
  const action = readAction(join(files, 'github/action.yml'));
  const host = await ReviewHost.start();
  let runs = 0;
  const run = (
    branch: string,
    token = 'job-token',
    inputs: Readonly<Record<string, string>> = {},
    changed: Readonly<Record<string, string>> = {},
  ): Promise<JobOutcome> => {
    const name = `github-${++runs}`;
    const environment = {
      ...runner,
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: host.url,
      GITHUB_REPOSITORY: 'ml/deployments',
      GITHUB_REF: 'refs/pull/12/merge',
      GITHUB_BASE_REF: 'main',
      ...changed,
    };
    const checkout = checkOut(branch, name);
    const temporary = join(folder, `${name}-temporary`);
    return runAction(action, {
      checkout,
      temporary,
      token,
      environment,
      inputs: { ...made, path: 'models', ...inputs },
    });
  };
  const address = 'https://github.example.com/ml/deployments/pull/12#issuecomment-1000';
  try {
    const quiet = await run('unrelated');
    check('GitHub: nothing changes: it succeeds', quiet.succeeded, true);
    check('GitHub: nothing changes: the outputs', quiet.outputs, { changed: 'false', risks: '0', comment: '' });
    check('GitHub: nothing changes: no comment', host.comments.length, 0);
    const first = await run('feature');
    check('GitHub: a change: it succeeds', [first.succeeded, first.log.includes(`\n${version}\n`)], [true, true]);
    check('GitHub: a change: the outputs', first.outputs, { changed: 'true', risks: '0', comment: address });
    check('GitHub: a change: the summary tells it', first.summary, /candidate v2 → v3/);
    check(
      'GitHub: a change: the comment is the summary',
      host.comments.map(({ body }) => body),
      [first.summary],
    );
    const second = await run('again');
    check('GitHub: another change: the same comment', second.outputs['comment'], address);
    check(
      'GitHub: another change: it is replaced',
      host.comments.map(({ body }) => body),
      [second.summary],
    );
    check('GitHub: another change: it tells so', second.summary, /candidate v2 → v4/);
    const broken = await run('broken');
    check('GitHub: a problem: it fails', broken.succeeded, false);
    check(
      'GitHub: a problem: an annotation at its place',
      broken.log,
      /^::error file=models\/wisdom\/model\.yaml,line=9,col=15,title=unknown-field::/m,
    );
    check('GitHub: a problem: the outputs', broken.outputs, { changed: '', risks: '0', comment: address });
    check(
      'GitHub: a problem: the comment says so',
      host.comments.map(({ body }) => body).join(),
      /^<!-- .* -->\n[\s\S]*\*\*This cannot be rendered\.\*\*/,
    );
    const before = host.comments.map(({ body }) => body);
    const fork = await run('feature', 'fork-token');
    check(
      'GitHub: a fork: it succeeds, with a notice',
      `${fork.succeeded} ${fork.log}`,
      /^true [\s\S]*^::notice title=model-mirror::Not commented: /m,
    );
    check('GitHub: a fork: the summary tells it', fork.summary, /candidate v2 → v3/);
    check('GitHub: a fork: no comment', [fork.outputs['comment'], host.comments.map(({ body }) => body)], ['', before]);
    const silent = await run('feature', 'job-token', { comment: 'false' });
    check(
      'GitHub: comment: false',
      [silent.succeeded, silent.outputs['comment'], host.comments.map(({ body }) => body)],
      [true, '', before],
    );
    const denied = await run('feature', 'wrong-token');
    check(
      'GitHub: a wrong token: it fails and says why',
      `${denied.succeeded} ${denied.log}`,
      /^false [\s\S]*MODEL_MIRROR_TOKEN is wrong/,
    );
    check('GitHub: a wrong token: it is not shown', denied.log.includes('wrong-token'), false);
    for (const [what, inputs, said] of [
      ['no package', { package: '' }, /^false ::error title=model-mirror::package: give the address/],
      ['a name of a package', { package: `model-mirror@${version}` }, /^false ::error .*package: give the address/],
      ['no sum', { sha256: '' }, /^false ::error title=model-mirror::sha256: give the SHA-256/],
      ['another sum', { sha256: '0'.repeat(64) }, /^false ::error .*its SHA-256 is [0-9a-f]{64}, not what/],
      ['no such package', { package: `${made.package}.gone` }, /^false ::error .*cannot be fetched: HTTP 404/],
    ] as const) {
      const refused = await run('feature', 'job-token', inputs);
      check(`GitHub: ${what}: nothing is installed`, `${refused.succeeded} ${refused.log}`, said);
    }
    const nowhere = await run('feature', 'job-token', { base: 'origin/gone' });
    check(
      'GitHub: a base that is not there: it fails and says so',
      `${nowhere.succeeded} ${nowhere.log}`,
      /^false [\s\S]*gone/,
    );
    const shallow = await run('shallow');
    check(
      'GitHub: a shallow clone: it fails and says what to do',
      `${shallow.succeeded} ${shallow.log}`,
      /^false [\s\S]*fetch-depth: 0/,
    );
    const foreign = await run('feature', 'job-token', { comment: 'false' }, anotherOwner);
    check(
      'GitHub: a checkout of another user, as in containers',
      [foreign.succeeded, foreign.outputs['changed']],
      [true, 'true'],
    );
    const early = await run('early', 'job-token', { comment: 'false' }, anotherOwner);
    check(
      'GitHub: a checkout of another user: validate reads how long a mirror was open',
      `${early.succeeded} ${early.log}`,
      /^false [\s\S]*^::error .*title=mirrored-too-briefly::v2 was mirrored for 0s, and models\/policy\.yaml:4 wants 24h/m,
    );
    const gitless = await run('feature', 'job-token', {}, { PATH: toPathWithoutGit() });
    check(
      'GitHub: an image without git: it fails and says so',
      `${gitless.succeeded} ${gitless.log}`,
      /^false ::error title=model-mirror::git 2\.30 or newer is needed/,
    );
    const stray = await run('feature', 'job-token', { path: '$(touch stray); models' });
    check(
      'GitHub: an input is not a script',
      `${stray.succeeded} ${git(join(folder, `github-${runs}`), 'status', '--porcelain')}`,
      'false ',
    );
  } finally {
    host.close();
  }
}

async function checkGitlab(runner: Readonly<Record<string, string>>, made: Package): Promise<void> {
  const { jobs } = readTemplate(join(files, 'gitlab/model-mirror.gitlab-ci.yml'), { ...made, path: 'models' });
  const host = await ReviewHost.start();
  let runs = 0;
  const run = async (
    job: string,
    branch: string,
    token: string | undefined,
    changed: Readonly<Record<string, string>> = {},
  ) => {
    const name = `gitlab-${++runs}`;
    const checkout = checkOut(branch, name);
    const found = jobs[job];
    if (found === undefined) throw new Error(`there is no job ${job}`);
    const ended = await runJob(found, checkout, {
      ...runner,
      GITLAB_CI: 'true',
      CI_PROJECT_DIR: checkout,
      CI_API_V4_URL: `${host.url}/api/v4`,
      CI_MERGE_REQUEST_PROJECT_ID: '7',
      CI_MERGE_REQUEST_PROJECT_URL: 'https://gitlab.example.com/ml/deployments',
      CI_MERGE_REQUEST_IID: '12',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: git(checkout, 'rev-parse', 'origin/main'),
      MODEL_MIRROR_HOME: join(folder, `${name}-home`),
      ...(token === undefined ? {} : { MODEL_MIRROR_TOKEN: token }),
      ...changed,
    });
    const report = found.artifacts?.reports['codequality'];
    return { ...ended, quality: report === undefined ? [] : readJson(join(checkout, report)) };
  };
  try {
    const valid = await run('model-mirror-validate', 'feature', undefined);
    check('GitLab: no problem: it succeeds, with an empty report', [valid.code, valid.quality], [0, []]);
    const broken = await run('model-mirror-validate', 'broken', undefined);
    check('GitLab: a problem: it fails', broken.code, 1);
    check(
      'GitLab: a problem: the log tells it',
      broken.log,
      /^models\/wisdom\/model\.yaml:9:15: error: unknown field "verison"/m,
    );
    check(
      'GitLab: a problem: so does the report',
      JSON.stringify(broken.quality),
      /"path":"models\/wisdom\/model\.yaml","positions":\{"begin":\{"line":9,"column":15\}/,
    );
    const other = await run('model-mirror-diff', 'feature', undefined, { MODEL_MIRROR_SHA256: '0'.repeat(64) });
    check(
      'GitLab: another sum: nothing is installed',
      `${other.code} ${other.log}`,
      /^1 model-mirror: package: its SHA-256 is [0-9a-f]{64}, not what the input sha256 says\n$/,
    );
    const first = await run('model-mirror-diff', 'feature', 'robot-token');
    check(
      'GitLab: a change: it succeeds and gives the address',
      `${first.code} ${first.log}`,
      /^0 [\s\S]*wisdom: candidate v2 → v3[\s\S]*\/-\/merge_requests\/12#note_1000\n$/,
    );
    const second = await run('model-mirror-diff', 'again', 'robot-token');
    check('GitLab: another change: it succeeds', second.code, 0);
    check(
      'GitLab: another change: the one note is replaced',
      host.comments.map(({ body }) => body.startsWith(marker) && /candidate v2 → v4/.test(body)),
      [true],
    );
    const unrendered = await run('model-mirror-diff', 'broken', 'robot-token');
    check(
      'GitLab: a problem: the note says so',
      `${unrendered.code} ${host.comments[0]?.body}`,
      /^0 [\s\S]*\*\*This cannot be rendered\.\*\*/,
    );
    const fork = await run('model-mirror-diff', 'feature', undefined);
    check(
      'GitLab: a fork: it succeeds and says why there is no note',
      `${fork.code} ${fork.log}`,
      /^0 [\s\S]*\nNo note: MODEL_MIRROR_TOKEN is not set\.\n$/,
    );
    const foreign = await run('model-mirror-diff', 'feature', undefined, anotherOwner);
    check(
      'GitLab: a checkout of another user, as in containers',
      `${foreign.code} ${foreign.log}`,
      /^0 [\s\S]*wisdom: candidate v2 → v3/,
    );
    const early = await run('model-mirror-validate', 'early', undefined, anotherOwner);
    check(
      'GitLab: a checkout of another user: validate reads how long a mirror was open',
      `${early.code} ${early.log}`,
      /^1 [\s\S]*v2 was mirrored for 0s, and models\/policy\.yaml:4 wants 24h/,
    );
    const path = { PATH: toPathWithoutGit() };
    const gitless = await run('model-mirror-diff', 'feature', undefined, path);
    check(
      'GitLab: an image without git: diff fails and says so',
      `${gitless.code} ${gitless.log}`,
      /^1 [\s\S]*\n {4}install git 2\.30 or newer\n/,
    );
    const unversioned = await run('model-mirror-validate', 'feature', undefined, path);
    check('GitLab: an image without git: validate does without', [unversioned.code, unversioned.quality], [0, []]);
    const reader = await run('model-mirror-diff', 'feature', 'reader-token');
    check(
      'GitLab: a token that may not: it succeeds and says so',
      `${reader.code} ${reader.log}`,
      /^0 [\s\S]*\nNot commented: /,
    );
    const denied = await run('model-mirror-diff', 'feature', 'wrong-token');
    check(
      'GitLab: a wrong token: it fails, and does not show it',
      [denied.code, denied.log.includes('wrong-token')],
      [3, false],
    );
    check('GitLab: one note in all', host.comments.length, 1);
  } finally {
    host.close();
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

try {
  checkFiles();
  mkdirSync(shelf);
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', shelf], { cwd: root });
  makeOrigin();
  const registry = await serveRegistry(shelf);
  try {
    const runner = toRunner(registry.url);
    const tarball = `model-mirror-${version}.tgz`;
    const made = {
      package: `${registry.url.replace(/\/$/, '')}/model-mirror/-/${tarball}`,
      sha256: createHash('sha256')
        .update(readFileSync(join(shelf, tarball)))
        .digest('hex'),
    };
    await checkGithub(runner, made);
    await checkGitlab(runner, made);
    check(
      'nothing was asked for but the package',
      registry.asked.filter((path) => !path.startsWith(`/model-mirror/-/${tarball}`)),
      [],
    );
  } finally {
    registry.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
endChecks();
