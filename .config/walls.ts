/**
 * The walls between the rooms of `src/`, checked by dependency-cruiser. Fails when it saw no file, as
 * it does when it cannot read TypeScript, and would then call everything fine.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { findProviderWords } from './provider-words.ts';

/** What a room may import of the others, beside `core/diagnostics`; arrows go one way. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'core/diagnostics': [],
  'core/pacing': ['core/ports'],
  'core/ports': ['core/analysis', 'core/carry', 'core/observe', 'core/routing', 'core/input'],
  'core/input': [],
  'core/repository': ['core/input'],
  'core/carry': ['core/repository', 'core/input'],
  'core/manifests': ['core/input'],
  'core/routing': ['core/manifests', 'core/input'],
  'core/analysis': ['core/input'],
  'core/serving': ['core/routing', 'core/manifests', 'core/input'],
  'core/rollout': ['core/analysis', 'core/serving', 'core/routing', 'core/manifests', 'core/input'],
  'core/render': ['core/analysis', 'core/serving', 'core/routing', 'core/manifests', 'core/rollout', 'core/input'],
  'core/change': ['core/analysis', 'core/render', 'core/serving', 'core/manifests', 'core/rollout', 'core/input'],
  'core/timeline': ['core/change', 'core/render', 'core/manifests', 'core/rollout', 'core/input'],
  'core/assess': [
    'core/analysis',
    'core/edit',
    'core/serving',
    'core/routing',
    'core/change',
    'core/render',
    'core/manifests',
    'core/rollout',
    'core/input',
  ],
  'core/edit': ['core/timeline', 'core/change', 'core/ports', 'core/manifests', 'core/input'],
  'core/adopt': ['core/edit', 'core/serving', 'core/manifests', 'core/input'],
  'core/observe': ['core/analysis', 'core/serving', 'core/routing', 'core/manifests', 'core/input'],
  output: ['core'],
  commands: ['core'],
  io: ['output', 'core'],
  watch: ['output', 'core'],
  compare: ['core'],
  demo: ['compare', 'io', 'core'],
  cli: ['demo', 'compare', 'watch', 'commands', 'io', 'output', 'core'],
};

const rooms = Object.entries(arrows).map(([room, others]) => ({
  room,
  may: [room, ...others, 'core/diagnostics'].join('|'),
}));

const rim = '^src/(io|demo|cli)/';

/** How the watcher reads a branch and pushes to it, in memory and without git installed. */
const watcherGit = '^src/io/git/(?!(?:objects|tree-lookup|branch-list)\\.ts$)';

const forbidden: IForbiddenRuleType[] = [
  { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'no-room-unnamed',
    comment: 'every file is in a room with arrows above',
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/(${Object.keys(arrows).join('|')})/` },
    to: {},
  },
  ...rooms.map(
    ({ room, may }): IForbiddenRuleType => ({
      name: `arrows-of-${room}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${may})/` },
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
    from: { path: '^src/', pathNot: '^src/((io|demo)/|cli/start\\.ts$)' },
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
    from: { path: '^src/', pathNot: '^src/(io/git-cli/spawn|demo/fakes/(argocd|watcher-process))\\.ts$' },
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
    name: 'transports-in-their-list',
    comment: 'the watcher’s git works against the port, whatever is behind it',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/io/git/transports(/|\\.ts$)' },
    to: { path: '^src/io/git/transports/' },
  },
  {
    name: 'transports-apart',
    comment: 'none needs another',
    severity: 'error',
    from: { path: '^src/io/git/transports/([^/]+)/' },
    to: { path: '^src/io/git/transports/', pathNot: '^src/io/git/transports/$1/' },
  },
  {
    name: 'ssh-library-apart',
    comment: 'it is loaded only where an address needs it',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/io/git/transports/ssh/library\\.ts$' },
    to: { path: 'node_modules/(@types/)?ssh2/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'one-http-client',
    comment:
      'agents, proxies and their errors are in one place; servers use node:http. The comparer asks model servers without ' +
      'any proxy, thousands of times a second, to addresses that it checks itself, and speaks HTTP/2 for gRPC and copies',
    severity: 'error',
    from: {
      path: '^src/',
      pathNot: '^src/(demo/|io/(process/(fetch|listen)|compare/(http1-asker|grpc-asker|intake))\\.ts$)',
    },
    to: { path: '^(node:)?(https?|http2)$|node_modules/undici/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'git-of-the-watcher-in-watch',
    severity: 'error',
    from: { path: '^src/', pathNot: `${watcherGit}|^src/cli/watch/(run|settings|branch)\\.ts$` },
    to: { path: watcherGit },
  },
  {
    name: 'yaml-where-text-becomes-a-value-or-back',
    severity: 'error',
    from: {
      path: '^src/',
      pathNot:
        '^src/(core/(input/yaml-(?:text|value|place|documents)|manifests/manifest-text|edit/field-text)|output/[a-z-]+)\\.ts$',
    },
    to: { path: 'node_modules/yaml/' },
  },
  {
    name: 'values-before-words',
    comment: 'changes, assessments and timelines are values: output/words makes sentences of them',
    severity: 'error',
    from: { path: '^src/core/(change|assess|timeline)/' },
    to: { path: '^src/core/diagnostics/safe-text\\.ts$', dependencyTypesNot: ['type-only'] },
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
    source !== 'src/core/diagnostics/safe-text.ts' &&
    /\bas (unknown as )?SafeText\b/.test(readFileSync(source, 'utf8')),
);
for (const { source } of casts)
  process.stderr.write(`${source}: SafeText is made by src/core/diagnostics/safe-text.ts alone\n`);
for (const { source } of strayed) process.stderr.write(`${source}: the core takes nothing but its arguments\n`);
// What a package does not document as its interface changes without notice, also in minor versions.
const documented = ['@noble/hashes', '@kubernetes-models/istio'];
const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  devDependencies: Readonly<Record<string, string>>;
};
const deep = seen.flatMap(({ source, dependencies }) =>
  dependencies.flatMap(({ module }) => {
    const [, name = ''] = /^((?:@[^/]+\/)?[^/]+)\/./.exec(module) ?? [];
    const isPinned = documented.includes(name) || /^\d/.test(devDependencies[name] ?? '0');
    return isPinned ? [] : [`${source} → ${module}: ${name} must be an exact version in package.json`];
  }),
);
for (const one of deep) process.stderr.write(`${one}\n`);
const leaks = findProviderWords(seen.map(({ source }) => source));
for (const leak of leaks) process.stderr.write(`${leak}\n`);
const broken = summary.violations.length + strayed.length + casts.length + deep.length + leaks.length;
process.stderr.write(`${seen.length} files seen, ${broken} walls broken\n`);
process.exitCode = core.length === 0 || broken > 0 ? 1 : 0;
