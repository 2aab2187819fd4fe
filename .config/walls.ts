/**
 * The walls between the rooms of `src/`, checked by dependency-cruiser. Fails when it saw no file, as
 * it does when it cannot read TypeScript, and would then call everything fine.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { findProviderWords } from './provider-words.ts';

/** What a room may import of the others; arrows go one way. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  input: [],
  repository: ['input'],
  manifests: ['input'],
  routing: ['manifests', 'input'],
  serving: ['routing', 'manifests', 'input'],
  rollout: ['serving', 'routing', 'manifests', 'input'],
  render: ['serving', 'routing', 'manifests', 'rollout', 'input'],
  change: ['serving', 'rollout', 'input'],
  history: ['change', 'rollout', 'input'],
  glance: ['serving', 'change', 'render', 'manifests', 'rollout', 'input'],
  output: ['serving', 'history', 'glance', 'change', 'manifests', 'input'],
  edit: ['output', 'input'],
  adopt: ['output', 'input'],
  observe: ['serving', 'routing', 'manifests', 'input'],
  watch: ['repository', 'serving', 'routing', 'observe', 'rollout', 'manifests', 'input', 'output'],
  demo: ['input'],
  io: ['watch', 'repository', 'routing', 'observe', 'manifests', 'input', 'output'],
  'stand-in': ['io', 'manifests', 'input'],
  cli: [
    'demo',
    'stand-in',
    'adopt',
    'history',
    'edit',
    'glance',
    'watch',
    'observe',
    'repository',
    'change',
    'render',
    'serving',
    'routing',
    'manifests',
    'rollout',
    'input',
    'output',
    'io',
  ],
};

const rim = '^src/(io|stand-in|cli)/';

/** How the watcher reads a branch and pushes to it, in memory and without git installed. */
const watcherGit = '^src/io/(git-(branch|http|local|receive-pack|size|upload-pack)|memory-files)\\.ts$';

const forbidden: IForbiddenRuleType[] = [
  { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'no-room-unnamed',
    comment: 'every file lies in a room that has its arrows above',
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/(${Object.keys(rooms).join('|')})/` },
    to: {},
  },
  ...Object.entries(rooms).map(
    ([room, others]): IForbiddenRuleType => ({
      name: `arrows-of-${room}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${[room, ...others].join('|')})/` },
    }),
  ),
  {
    name: 'core-is-pure',
    comment: 'files, processes, clocks and the network are the rim’s',
    severity: 'error',
    from: { path: '^src/', pathNot: rim },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'files-in-io',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/((io|stand-in)/|cli/start\\.ts$)' },
    to: { path: '^(node:)?fs(/|$)', dependencyTypes: ['core'] },
  },
  {
    name: 'cluster-in-io',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/io/' },
    to: { path: 'node_modules/@kubernetes/client-node/' },
  },
  {
    name: 'processes-started-in-few-places',
    comment: 'git in spawn.ts alone; the fake Argo CD runs the plugin, and the demo Node',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(io/git-cli/spawn|stand-in/(argocd|watcher-process))\\.ts$' },
    to: { path: '^(node:)?child_process$', dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'git-library-for-the-watcher',
    comment: 'people’s commands run the installed git',
    severity: 'error',
    from: { path: '^src/', pathNot: watcherGit },
    to: { path: 'node_modules/isomorphic-git/' },
  },
  {
    name: 'git-of-the-watcher-in-watch',
    severity: 'error',
    from: { path: '^src/', pathNot: `${watcherGit}|^src/cli/watch(-settings)?\\.ts$` },
    to: { path: watcherGit },
  },
  {
    name: 'yaml-where-text-becomes-a-value-or-back',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(input/yaml-(?:text|documents)|edit/field-text|output/[a-z-]+)\\.ts$' },
    to: { path: 'node_modules/yaml/' },
  },
  {
    name: 'nothing-unresolved',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** What would let the clock, chance, the locale or the environment into the core. */
const impure =
  /\b(Date\.|new Date|Math\.random|process\.|performance\.|localeCompare|toLocale|Intl\.|setTimeout|(?<![.#])fetch\()/;

const result = await cruise(
  ['src'],
  { ruleSet: { forbidden }, validate: true, tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
);
const { summary, modules } = result.output as ICruiseResult;
const seen = modules.filter(({ source }) => source.startsWith('src/'));
for (const { rule, from, to } of summary.violations)
  process.stderr.write(`${relative('.', from)} → ${to}: ${rule.name}\n`);
const core = seen.filter(({ source }) => !new RegExp(rim).test(source));
const strayed = core.filter(({ source }) => impure.test(readFileSync(source, 'utf8')));
// Only there is foreign text made safe.
const casts = seen.filter(
  ({ source }) =>
    source !== 'src/input/safe-text.ts' && /\bas (unknown as )?SafeText\b/.test(readFileSync(source, 'utf8')),
);
for (const { source } of casts) process.stderr.write(`${source}: SafeText is made by src/input/safe-text.ts alone\n`);
for (const { source } of strayed) process.stderr.write(`${source}: the core takes nothing but its arguments\n`);
const leaks = findProviderWords(seen.map(({ source }) => source));
for (const leak of leaks) process.stderr.write(`${leak}\n`);
const broken = summary.violations.length + strayed.length + casts.length + leaks.length;
process.stderr.write(`${seen.length} files seen, ${broken} walls broken\n`);
process.exitCode = core.length === 0 || broken > 0 ? 1 : 0;
