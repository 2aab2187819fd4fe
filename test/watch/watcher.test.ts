import type { ExecutionContext } from 'ava';
import test from 'ava';
import fc from 'fast-check';
import type { Finding } from '../../src/core/diagnostics/problem.ts';
import { toWholeProblem } from '../../src/core/diagnostics/problem.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import type { Live } from '../../src/core/observe/live-object.ts';
import { BranchTrouble } from '../../src/core/ports/watch.ts';
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';
import type { WatcherOptions } from '../../src/watch/watch-loop.ts';
import { Watcher } from '../../src/watch/watcher.ts';
import { failed, loaded, loading, toRoute, toStatus } from '../core/observe/live-objects.ts';
import { times } from '../thorough.ts';
import { inNamespace, toServices } from './declared.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryBranch, MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';
import { idleMeter, options } from './watcher-parts.ts';

class Scene {
  readonly clock: ManualClock;
  readonly repository: MemoryRepository;
  readonly branch: MemoryBranch;
  readonly watcher: Watcher;
  readonly lines: string[] = [];
  readonly counts = {
    conflict: 0,
    retry: [] as string[],
    waited: [] as number[],
    pushFailures: 0,
    declared: -1,
    looks: 0,
    failed: [] as string[],
  };
  readonly refreshed: string[] = [];
  readonly #stop = new AbortController();
  readonly running: Promise<void>;

  constructor(given: Partial<WatcherOptions> = {}, repository = new MemoryRepository(), clock = new ManualClock()) {
    this.repository = repository;
    this.clock = clock;
    this.branch = new MemoryBranch(repository);
    const say = (level: string) => (message: string) => {
      this.lines.push(`${level} ${message}`);
    };
    this.watcher = new Watcher(
      { ...options, ...given },
      {
        branch: this.branch,
        clock,
        log: { info: say('info'), warn: say('warn'), error: say('error') },
        meter: {
          ...idleMeter,
          look: () => this.counts.looks++,
          declared: (count) => {
            this.counts.declared = count;
          },
          commit: (waited) => this.counts.waited.push(...waited),
          conflict: () => {
            this.counts.conflict++;
          },
          retry: (cause) => this.counts.retry.push(cause),
          pushFailed: (cause) => this.counts.failed.push(cause),
          pushFailures: (count) => {
            this.counts.pushFailures = count;
          },
        },
        refresh: (trackings) => this.refreshed.push(...trackings),
      },
    );
    this.running = this.watcher.run(this.#stop.signal, new AbortController().signal);
  }

  list(live: readonly Live[]): void {
    for (const { kind } of toKinds(undefined))
      this.watcher.replace(
        kind,
        undefined,
        live.filter((one) => one.kind === kind),
      );
  }

  get log(): string[] {
    return this.repository.messages.map((message) => message.split('\n')[0] ?? '');
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.running;
  }
}

const status = (name: string) => `${name}/status.yaml`;
const routeOf = (model: string) => toRoute(model, { path: model });

/** One model whose candidate is loading, as its status file says. */
async function toLoadingScene(given: Partial<WatcherOptions> = {}): Promise<Scene> {
  const scene = new Scene(given);
  scene.repository.edit({ 'wisdom/model.yaml': toModelText('wisdom'), 'README.md': 'not ours' });
  scene.list([...toServices('wisdom', loading), routeOf('wisdom')]);
  await scene.clock.advance(2000);
  return scene;
}

test('a candidate that becomes Ready is one commit, half a second later', async (t) => {
  const scene = await toLoadingScene();
  t.deepEqual(scene.log, ['status(wisdom): candidate v2 is loading']);
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(499);
  t.is(scene.log.length, 1);
  await scene.clock.advance(1);
  t.deepEqual(scene.log.slice(1), ['status(wisdom): candidate v2 is Ready; its mirror may open']);
  t.is(
    scene.repository.files.get(status('wisdom')),
    `# Written by the model-mirror watcher. Do not edit.
apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: wisdom, namespace: models}
status:
  primary: {name: wisdom-0, version: v1, digest: d1, state: Ready, loaded: d2-30239da781fb2564, uid: wisdom-0}
  candidates:
    - {name: wisdom-1, version: v2, digest: d2, state: Ready, loaded: d2-32f76c9e7338fbad, uid: wisdom-1}
`,
  );
  t.is(scene.repository.files.get('README.md'), 'not ours');
  t.deepEqual(scene.counts.waited.at(-1), 0.5);
  await scene.end();
});

test('a new spec and its status at the same moment are two events: the status is of the new spec', async (t) => {
  const scene = await toLoadingScene();
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(1000);
  const put = (report: object) => {
    for (const live of toServices('wisdom', report, 'd3')) scene.watcher.put({ ...live, statusIsLater: false } as Live);
  };
  put(loaded);
  put(toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', time: '2026-01-01T00:00:09Z' }));
  await scene.clock.advance(1000);
  t.deepEqual(scene.log.slice(2), ['status(wisdom): candidate v2 is Ready; its mirror may open']);
  t.regex(scene.repository.files.get(status('wisdom')) ?? '', /digest: d3, state: Ready/);
  await scene.end();
});

test('while nothing changes nothing is committed, whatever KServe rewrites', async (t) => {
  const scene = await toLoadingScene();
  const again = toStatus({ transition: 'InProgress', target: 'Loading', time: '2026-01-01T00:00:09Z' });
  for (let i = 0; i < 5; i++) {
    for (const live of toServices('wisdom', again)) scene.watcher.put(live);
    await scene.clock.advance(20_000);
  }
  t.is(scene.log.length, 1);
  await scene.end();
});

test('all changes within the window are one commit', async (t) => {
  const names = ['a', 'b', 'c'];
  const scene = new Scene();
  for (const name of names) scene.repository.edit({ [`${name}/model.yaml`]: toModelText(name) });
  scene.list(names.flatMap((name) => [...toServices(name, loading), routeOf(name)]));
  await scene.clock.advance(2000);
  for (const name of names) {
    for (const live of toServices(name, loaded)) scene.watcher.put(live);
    await scene.clock.advance(200);
  }
  await scene.clock.advance(2000);
  t.deepEqual(scene.log, [
    'status(a): candidate v2 is loading (+2 models)',
    'status(a): candidate v2 is Ready; its mirror may open (+2 models)',
  ]);
  await scene.end();
});

test('a storm of changes is collected for up to four windows, and what continues is committed after it', async (t) => {
  const names = Array.from({ length: 400 }, (_, i) => `m${i}`);
  const scene = new Scene();
  scene.repository.edit(Object.fromEntries(names.map((name) => [`${name}/model.yaml`, toModelText(name)])));
  scene.list(names.flatMap((name) => [...toServices(name, loading), routeOf(name)]));
  await scene.clock.advance(2000);
  const change = async (digest: string, pause: number) => {
    for (const name of names) {
      for (const live of toServices(name, loaded, digest)) scene.watcher.put(live);
      await scene.clock.advance(pause);
    }
  };
  await change('d2', 4);
  await scene.clock.advance(2000);
  t.is(scene.log.length, 2, '1.6 s of changes are one commit');
  await change('d3', 4);
  await change('d4', 4);
  t.is(scene.log.length, 3, 'a storm that does not end is committed after 2 s');
  await scene.clock.advance(2000);
  t.is(scene.log.length, 4, 'and the rest of the 3.2 s once it ends');
  t.regex(scene.repository.files.get(status('m399')) ?? '', /m399-1.*digest: d4/);
  await scene.end();
});

test('nothing is written before all kinds were listed, least of all that something is missing', async (t) => {
  const scene = new Scene();
  scene.repository.edit({ 'wisdom/model.yaml': toModelText('wisdom') });
  scene.watcher.replace('VirtualService', undefined, [routeOf('wisdom')]);
  await scene.clock.advance(60_000);
  t.deepEqual(scene.log, []);
  t.is(scene.watcher.obstacle, safe`the cluster was not listed yet`);
  await scene.end();
});

test('what is Ready and then deleted is committed at once, on top of a commit that was not fetched yet', async (t) => {
  const scene = await toLoadingScene();
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(60_000);
  for (const isFetched of [true, false]) {
    // A fetch has just been: events cause no other one within a second.
    scene.watcher.put(toRoute(isFetched ? 'another' : 'a-third', { path: 'another' }));
    await scene.clock.advance(0);
    const { commit } = scene.repository;
    if (!isFetched)
      scene.repository.edit({ 'wisdom/model.yaml': toModelText('wisdom').replace(/ {2}candidate.*\n/, '') });
    scene.watcher.drop('InferenceService', 'models', 'wisdom-1');
    await scene.clock.advance(0);
    t.not(scene.repository.commit, commit);
    t.is(
      scene.log.at(-1),
      isFetched
        ? 'status(wisdom): candidate wisdom-1 is missing; its mirror closes'
        : 'status(wisdom): candidate v2 is gone',
    );
    for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
    await scene.clock.advance(60_000);
  }
  await scene.end();
});

test('deleted objects are reported as Missing', async (t) => {
  const scene = await toLoadingScene();
  scene.watcher.drop('InferenceService', 'models', 'wisdom-0');
  scene.watcher.drop('InferenceService', 'models', 'wisdom-1');
  await scene.clock.advance(6000);
  t.regex(
    scene.repository.files.get(status('wisdom')) ?? '',
    /wisdom-0, state: Missing.*\n.*\n.*wisdom-1, state: Missing/,
  );
  await scene.end();
});

test('objects that were deleted while no watcher ran are reported as Missing', async (t) => {
  const before = await toLoadingScene();
  await before.end();
  const scene = new Scene({}, before.repository);
  scene.list([]);
  await scene.clock.advance(6000);
  t.regex(scene.repository.files.get(status('wisdom')) ?? '', /wisdom-1, state: Missing/);
  await scene.end();
});

test('a push conflict: the same facts on the new tip, and nobody’s commit is touched', async (t) => {
  const scene = await toLoadingScene();
  let pushes = 0;
  scene.branch.onPush = () => {
    if (pushes++ < 3) scene.repository.edit({ [`by-a-person-${pushes}`]: 'text' });
  };
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(5000);
  t.is(scene.counts.conflict, 3);
  t.is(scene.log.length, 2);
  t.regex(scene.repository.files.get(status('wisdom')) ?? '', /wisdom-1.*Ready/);
  for (const n of [1, 2, 3]) t.is(scene.repository.files.get(`by-a-person-${n}`), 'text');
  await scene.end();
});

test('a status file that others changed or deleted is rewritten', async (t) => {
  const scene = await toLoadingScene();
  const own = scene.repository.files.get(status('wisdom'));
  for (const text of [own?.replace('Loading', 'Ready'), undefined]) {
    scene.repository.edit({ [status('wisdom')]: text });
    await scene.clock.advance(40_000);
    t.is(scene.repository.files.get(status('wisdom')), own);
  }
  t.is(scene.log.length, 3);
  await scene.end();
});

test('two watchers of different releases on one branch do not commit in a loop', async (t) => {
  const scene = await toLoadingScene();
  const own = scene.repository.files.get(status('wisdom')) ?? '';
  // The same facts, as 0.1.0 writes them, at its next look.
  const other = own.replace(/ {2}candidates:\n {4}- (.*)\n/, '  candidate: $1\n');
  t.not(other, own);
  const before = scene.log.length;
  for (let minute = 0; minute < 60; minute++) {
    if (scene.repository.files.get(status('wisdom')) === own) scene.repository.edit({ [status('wisdom')]: other });
    await scene.clock.advance(60_000);
  }
  t.true(scene.log.length - before < 8, `${scene.log.length - before} commits in an hour`);
  t.is(scene.lines.filter((line) => line.includes('keeps rewriting')).length, 1, 'reported once');
  // What opens or closes a mirror is written at once.
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(1000);
  t.regex(scene.repository.files.get(status('wisdom')) ?? '', /wisdom-1.*Ready/);
  scene.repository.edit({ [status('wisdom')]: other.replace('state: Ready', 'state: Failed') });
  await scene.clock.advance(31_000);
  t.regex(scene.repository.files.get(status('wisdom')) ?? '', /wisdom-1.*Ready/);
  await scene.end();
});

test('the status file of a model that left git is removed; a file of another program with that name stays', async (t) => {
  const scene = await toLoadingScene();
  scene.repository.edit({ 'wisdom/model.yaml': undefined, 'chart/status.yaml': 'kind: Deployment\n' });
  scene.watcher.drop('VirtualService', 'models', 'wisdom');
  await scene.clock.advance(3000);
  t.false(scene.repository.files.has(status('wisdom')));
  t.true(scene.repository.files.has('chart/status.yaml'));
  t.is(scene.log.at(-1), 'status(wisdom): removed from git, and its status file with it');
  await scene.end();
});

test('the status stays as it is while the model file is broken', async (t) => {
  const scene = await toLoadingScene();
  const own = scene.repository.files.get(status('wisdom'));
  scene.repository.edit({ 'wisdom/model.yaml': 'kind: Model\nspec: [' });
  await scene.clock.advance(90_000);
  t.is(scene.repository.files.get(status('wisdom')), own);
  const warnings = scene.lines.filter((line) => line.includes('wisdom/model.yaml:'));
  t.is(warnings.length, 1, 'reported once');
  scene.repository.edit({ 'wisdom/model.yaml': toModelText('wisdom') });
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(40_000);
  t.regex(scene.repository.files.get(status('wisdom')) ?? '', /wisdom-1.*Ready/);
  await scene.end();
});

test('a VirtualService whose model is not in git is reported once', async (t) => {
  const scene = new Scene();
  scene.list([...toServices('wisdom', loaded), routeOf('wisdom')]);
  for (let i = 0; i < 5; i++) {
    scene.watcher.put(routeOf('wisdom'));
    await scene.clock.advance(40_000);
  }
  t.is(scene.lines.filter((line) => line.startsWith('warn VirtualService models/wisdom')).length, 1);
  t.deepEqual(scene.log, []);
  await scene.end();
});

test('events of models that are not in git cost one fetch until the branch moves', async (t) => {
  const scene = await toLoadingScene();
  const foreign = [...toServices('of-another-repository', loading), routeOf('of-another-repository')];
  const play = async () => {
    const before = scene.branch.fetches;
    for (let i = 0; i < 25; i++) {
      for (const live of foreign) scene.watcher.put(live);
      await scene.clock.advance(1000);
      if (i % 3 === 0) scene.list([...toServices('wisdom', loading), routeOf('wisdom'), ...foreign]);
    }
    return scene.branch.fetches - before;
  };
  const first = await play();
  t.true(first <= 3, `${first} fetches in 25 s`);
  const second = await play();
  t.true(second <= 2, `${second} fetches in 25 s`);
  scene.repository.edit({ 'README.md': 'moved' });
  await scene.clock.advance(31_000);
  const third = await play();
  t.true(third > 0 && third <= 3, `${third} fetches in 25 s`);
  await scene.end();
});

test('warnings that another team can cause without end are limited', async (t) => {
  const scene = await toLoadingScene();
  for (let i = 0; i < 1200; i++) {
    scene.watcher.put(toRoute(`evil-${i}`, { path: `folder-${i}` }));
    if (i % 10 === 0) await scene.clock.advance(100);
  }
  await scene.clock.advance(5000);
  t.is(scene.lines.filter((line) => line.startsWith('warn VirtualService')).length, 1000);
  await scene.end();
});

test('a model that moved to another folder is fetched at once, and keeps its status', async (t) => {
  const scene = await toLoadingScene();
  const own = scene.repository.files.get(status('wisdom'));
  scene.repository.edit({
    'wisdom/model.yaml': undefined,
    [status('wisdom')]: undefined,
    'team/wisdom/model.yaml': toModelText('wisdom'),
  });
  scene.watcher.put(toRoute('wisdom', { path: 'team/wisdom' }));
  await scene.clock.advance(2000);
  t.is(scene.repository.files.get('team/wisdom/status.yaml'), own);
  await scene.end();
});

test('how many models the branch has is reported at the start and when it changes', async (t) => {
  const scene = new Scene({ path: 'models' });
  const reported = () => scene.lines.filter((line) => / models? (below|in)/.test(line));
  scene.repository.edit({ 'README.md': 'nothing yet' });
  scene.list([]);
  await scene.clock.advance(2000);
  t.deepEqual(reported(), ['warn no models below "models"']);
  t.is(scene.counts.declared, 0);
  for (const name of ['a', 'b', 'c']) {
    scene.repository.edit({ [`models/${name}/model.yaml`]: toModelText(name) });
    if (name !== 'b') await scene.clock.advance(31_000);
  }
  scene.repository.edit({ 'README.md': 'edited' });
  await scene.clock.advance(31_000);
  t.deepEqual(reported().slice(1), ['info 1 model below "models"', 'info 3 models below "models"']);
  t.is(scene.counts.declared, 3);
  await scene.end();
});

test('an event of a version that git does not declare yet causes a fetch', async (t) => {
  const scene = new Scene();
  scene.repository.edit({ 'wisdom/model.yaml': toModelText('wisdom', undefined) });
  scene.list([...toServices('wisdom', loading).slice(0, 1), routeOf('wisdom')]);
  await scene.clock.advance(5000);
  scene.repository.edit({ 'wisdom/model.yaml': toModelText('wisdom') });
  for (const live of toServices('wisdom', loading)) scene.watcher.put(live);
  await scene.clock.advance(2000);
  t.is(scene.log.at(-1), 'status(wisdom): candidate v2 is loading');
  await scene.end();
});

test('a file that cannot be read is reported once, and affects no other model', async (t) => {
  const scene = new Scene();
  const large: Finding = { code: 'file-too-large', message: safe`the file is too large`, hint: safe`make it smaller` };
  scene.repository.edit({
    'wisdom/model.yaml': toModelText('wisdom'),
    'large/model.yaml': 'a large text',
    'large/status.yaml': 'another large text',
  });
  scene.repository.refusals.set('a large text', large).set('another large text', large);
  scene.repository.problems = [
    toWholeProblem(
      'vendor',
      { code: 'submodule', message: safe`a submodule`, hint: safe`put models elsewhere` },
      'warning',
    ),
  ];
  scene.list([...toServices('wisdom', loading), routeOf('wisdom')]);
  await scene.clock.advance(2000);
  scene.repository.edit({ 'wisdom/policy.yaml': 'something else' });
  await scene.clock.advance(60_000);
  t.true(scene.repository.files.has(status('wisdom')));
  t.is(scene.repository.files.get('large/status.yaml'), 'another large text');
  t.deepEqual(
    scene.lines.filter((line) => /^warn (vendor|large|wisdom)/.test(line)),
    [
      'warn vendor:1:1: a submodule: put models elsewhere',
      'warn large/model.yaml:1:1: the file is too large; its status stays as it is until that is fixed',
    ],
  );
  await scene.end();
});

/** A model that names no namespace, deployed to `models` by an Application. */
const openModelText = (name: string) => toModelText(name).replace(', namespace: models', '');

test('another namespace’s VirtualService with our label and path is reported once, and takes nothing over', async (t) => {
  const scene = new Scene();
  scene.repository.edit({ 'wisdom/model.yaml': openModelText('wisdom') });
  const own = [...toServices('wisdom', loading), routeOf('wisdom')];
  scene.list(own);
  await scene.clock.advance(2000);
  const before = scene.repository.files.get(status('wisdom'));
  t.regex(before ?? '', /metadata: \{name: wisdom, namespace: models\}/);
  const foreign = [...toServices('wisdom', failed), routeOf('wisdom')].map((live) => inNamespace(live, 'a-neighbour'));
  for (const order of [
    [...own, ...foreign],
    [...foreign, ...own],
    [...own, ...foreign],
  ]) {
    scene.list(order);
    await scene.clock.advance(40_000);
  }
  t.is(scene.repository.files.get(status('wisdom')), before);
  t.is(scene.log.length, 1);
  t.is(scene.lines.filter((line) => line.startsWith('warn the route a-neighbour/wisdom claims')).length, 1);
  // Not even while ours is gone, or the status file is broken.
  scene.watcher.drop('VirtualService', 'models', 'wisdom');
  scene.repository.edit({ [status('wisdom')]: 'status: [' });
  await scene.clock.advance(40_000);
  t.is(scene.repository.files.get(status('wisdom')), before);
  await scene.end();
});

test('whatever others label and annotate as ours, no status changes', async (t) => {
  const names = ['wisdom', 'folly'];
  const object = fc.record({
    kind: fc.constantFrom('InferenceService', 'VirtualService'),
    place: fc.oneof(
      fc.record({ namespace: fc.constant('models'), name: fc.constantFrom('evil', 'wisdom-2', 'evil-mirror', 'foll') }),
      fc.record({
        namespace: fc.constantFrom('a-neighbour', 'zoo', ''),
        name: fc.constantFrom('wisdom', 'wisdom-0', 'wisdom-1', 'wisdom-mirror', 'folly', 'folly-1', 'evil'),
      }),
    ),
    model: fc.constantFrom(...names),
    path: fc.constantFrom(undefined, 'wisdom', 'folly', '.', 'folly/deeper'),
    digest: fc.constantFrom('d1', 'd2', 'd3'),
    state: fc.constantFrom(undefined, loading, loaded, failed),
    percentage: fc.constantFrom(undefined, 0, 100),
    isGone: fc.boolean(),
    after: fc.integer({ min: 0, max: 3000 }),
  });
  type Foreign = typeof object extends fc.Arbitrary<infer T> ? T : never;
  const toForeign = ({ kind, place, model, path, digest, state, percentage }: Foreign): Live => {
    if (kind === 'InferenceService')
      return { ...(toServices(model, state, digest)[1] as Live), ...place, uid: `${place.namespace}-${place.name}` };
    const shares = { ...(path === undefined ? {} : { path }), ...(percentage === undefined ? {} : { percentage }) };
    return { ...toRoute(model, { ...shares, to: 'wisdom-1' }), ...place, tracking: 'another-app' };
  };
  const play = async (foreign: readonly Foreign[], isForeign: boolean) => {
    const scene = new Scene();
    scene.repository.edit({ 'wisdom/model.yaml': openModelText('wisdom'), 'folly/model.yaml': toModelText('folly') });
    const own = names.flatMap((name) => [...toServices(name, loading), routeOf(name)]);
    scene.list(own);
    await scene.clock.advance(2000);
    for (const [i, one] of foreign.entries()) {
      const live = toForeign(one);
      if (isForeign && one.isGone) scene.watcher.drop(live.kind, live.namespace, live.name);
      else if (isForeign) scene.watcher.put(live);
      if (isForeign && i % 5 === 4) scene.list([toForeign(one), ...own]);
      if (!isForeign && i % 5 === 4) scene.list(own);
      await scene.clock.advance(one.after);
    }
    for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
    await scene.clock.advance(60_000);
    const result = { files: new Map(scene.repository.files), messages: [...scene.repository.messages] };
    await scene.end();
    return { ...result, refreshed: scene.refreshed };
  };
  await fc.assert(
    fc.asyncProperty(fc.array(object, { maxLength: 15 }), async (foreign) => {
      t.deepEqual(await play(foreign, true), await play(foreign, false));
    }),
    { numRuns: times(15, 3) },
  );
});

test('a watcher of a cluster has files of its own', async (t) => {
  const scene = await toLoadingScene({ cluster: 'prod', page: true });
  t.deepEqual([...scene.repository.files.keys()].sort(), [
    'README.md',
    'STATUS.prod.md',
    'wisdom/model.yaml',
    'wisdom/status.prod.yaml',
  ]);
  await scene.end();
});

test('the page is written in the same commit', async (t) => {
  const scene = await toLoadingScene({ page: true });
  t.is(scene.branch.pushes.length, 1);
  t.regex(scene.repository.files.get('STATUS.md') ?? '', /Loading/);
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(2000);
  t.deepEqual([...(scene.branch.pushes[1]?.changes.keys() ?? [])], ['wisdom/status.yaml', 'STATUS.md']);
  scene.repository.edit({ 'STATUS.md': 'defaced' });
  await scene.clock.advance(40_000);
  t.is(scene.repository.files.get('STATUS.md'), scene.branch.pushes[1]?.changes.get('STATUS.md'));
  await scene.end();
});

test('failed fetches are retried with growing pauses, without end, and nothing is lost', async (t) => {
  const scene = await toLoadingScene();
  for (let i = 0; i < 8; i++) scene.branch.troubles.push(new BranchTrouble('unreachable', safe`no route to the host`));
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(10_000);
  t.is(scene.watcher.obstacle, safe`no route to the host`);
  t.is(scene.log.length, 1);
  await scene.clock.advance(120_000);
  t.is(scene.log.length, 2);
  t.is(scene.watcher.obstacle, undefined);
  t.is(scene.counts.retry.length, 8);
  t.is(scene.lines.filter((line) => line.startsWith('error')).length, 1, 'repeated as warnings');
  await scene.end();
});

test('a host that asks to be left alone for an hour is, and the watcher shows until when', async (t) => {
  const scene = await toLoadingScene();
  const limited = () => new BranchTrouble('throttled', safe`slow down`, hourMs);
  scene.branch.troubles.push(limited());
  await scene.clock.advance(31_000);
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  const until = new Date((scene.clock.date() + scene.watcher.gitWaitSeconds) * 1000).toISOString();
  t.is<string | undefined, string>(
    scene.watcher.obstacle?.replace(/\d\d:\d\d UTC$/, ''),
    `slow down; it asks to wait until ${until.slice(0, 14).replace('T', ' ')}`,
  );
  const { fetches, attempts } = scene.branch;
  await scene.clock.advance(hourMs - 60_000);
  t.deepEqual([scene.branch.fetches, scene.branch.attempts], [fetches, attempts]);
  t.true(scene.watcher.gitWaitSeconds > 0 && scene.watcher.gitWaitSeconds < 60);
  await scene.clock.advance(120_000);
  t.is(scene.watcher.obstacle, undefined);
  t.is(scene.watcher.gitWaitSeconds, 0);

  // Of a push: the branch is still read.
  scene.branch.refusal = limited();
  for (const live of toServices('wisdom', failed)) scene.watcher.put(live);
  await scene.clock.advance(10_000);
  t.regex(scene.watcher.pushTrouble?.message ?? '', /^slow down; it asks to wait until \d{4}-\d\d-\d\d [\d:]{8} UTC$/);
  t.is(scene.watcher.obstacle, undefined);
  const pushes = scene.branch.attempts;
  const looks = scene.branch.fetches;
  await scene.clock.advance(hourMs - 60_000);
  t.is(scene.branch.attempts, pushes);
  t.true(scene.branch.fetches > looks);
  t.is(scene.lines.filter((line) => line === 'error slow down').length, 2, 'once for each');
  await scene.end();
});

const refused = new BranchTrouble('refused', safe`protected branch: ask an owner`);
const hourMs = 3_600_000;

/** A scene whose pushes are refused from now on, and when each was tried, by its clock. */
async function toRefusedScene(): Promise<{ readonly scene: Scene; readonly times: readonly number[] }> {
  const scene = await toLoadingScene();
  const times: number[] = [];
  scene.branch.refusal = refused;
  scene.branch.onPush = () => times.push(scene.clock.now());
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(1000);
  return { scene, times };
}

test('a refused push is retried with growing pauses and reported, while the watcher stays ready', async (t) => {
  const { scene, times } = await toRefusedScene();
  t.is(scene.watcher.obstacle, undefined);
  t.is(scene.watcher.pushTrouble?.message, safe`protected branch: ask an owner`);
  await scene.clock.advance(hourMs);
  t.is(scene.watcher.obstacle, undefined);
  t.true(times.length <= 40 && times.length >= 10, `${times.length} pushes`);
  t.is(scene.counts.pushFailures, times.length);
  t.deepEqual(scene.counts.failed, Array(times.length).fill('refused'));
  t.is(scene.watcher.pushTrouble?.failures, times.length);
  t.deepEqual(
    scene.lines.filter((line) => line.startsWith('error')),
    ['error protected branch: ask an owner'],
  );
  t.is(
    scene.lines.filter((line) => line.includes('answers again')).length,
    0,
    'fetches that succeed in between are not a recovery',
  );
  scene.branch.refusal = undefined;
  await scene.clock.advance(360_000);
  t.is(scene.log.length, 2);
  t.is(scene.watcher.pushTrouble, undefined);
  t.is(scene.counts.pushFailures, 0);
  t.is(scene.lines.filter((line) => line === 'info pushes are accepted again').length, 1);
  await scene.end();
});

test('a tip that moved is tried within 5 s, but no two pushes are within 30 s', async (t) => {
  const { scene, times } = await toRefusedScene();
  await scene.clock.advance(600_000);
  const before = times.length;
  // Whenever it moves; the next push of the slow pace is up to 5 min away.
  const moveAfter = async (ms: number) => {
    await scene.clock.advance(Math.max(0, (times.at(-1) ?? 0) + ms - scene.clock.now()));
    scene.repository.edit({ 'README.md': `moved at ${scene.clock.now()}` });
    await scene.clock.advance(5000);
    return scene.clock.now();
  };
  const now = await moveAfter(60_000);
  t.is(times.length, before + 1);
  t.true(now - (times.at(-1) ?? 0) <= 5000);
  await moveAfter(3000);
  t.is(times.length, before + 1, '3 s after a push');
  await scene.clock.advance(22_000);
  t.is(times.length, before + 2, 'and so it comes 30 s after it');
  t.is((times.at(-1) ?? 0) - (times.at(-2) ?? 0), 30_000);
  scene.branch.refusal = undefined;
  await moveAfter(40_000);
  t.is(scene.log.length, 2);
  await scene.end();
});

test('a person who pushes the refused change ends the failure', async (t) => {
  const { scene } = await toRefusedScene();
  const wanted = (scene.repository.files.get(status('wisdom')) ?? '').replace(
    'state: Loading',
    'state: Ready, loaded: d2-32f76c9e7338fbad, uid: wisdom-1',
  );
  scene.repository.edit({ [status('wisdom')]: wanted });
  await scene.clock.advance(5000);
  t.is(scene.watcher.pushTrouble, undefined);
  t.is(scene.counts.pushFailures, 0);
  await scene.end();
});

test('a refused push costs at most 40 pushes an hour, whatever else happens', async (t) => {
  const happening = fc.record({
    what: fc.constantFrom('event', 'relist', 'move', 'conflict', 'fetch-fails', 'push-breaks', 'revert'),
    after: fc.integer({ min: 0, max: 45_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 120 }), async (happenings) => {
      const { scene, times } = await toRefusedScene();
      const start = scene.clock.now();
      const isRunning = () => scene.clock.now() < start + hourMs;
      for (let i = 0; isRunning(); i++) {
        const { what, after } = happenings[i % happenings.length] ?? { what: 'move', after: 1000 };
        if (what === 'event') for (const live of toServices('wisdom', i % 2 ? failed : loaded)) scene.watcher.put(live);
        if (what === 'revert') for (const live of toServices('wisdom', loading)) scene.watcher.put(live);
        if (what === 'relist') scene.list([...toServices('wisdom', loaded), routeOf('wisdom')]);
        if (what === 'move') scene.repository.edit({ 'README.md': `edit ${i}` });
        if (what === 'fetch-fails') scene.branch.troubles.push(new BranchTrouble('unreachable', 'reset'));
        if (what === 'push-breaks') scene.branch.refusal = new BranchTrouble('unreachable', 'reset');
        const onPush = scene.branch.onPush;
        if (what === 'conflict')
          scene.branch.onPush = () => {
            scene.branch.onPush = onPush;
            onPush();
            scene.repository.edit({ 'README.md': `edit ${i}` });
          };
        await scene.clock.advance(Math.max(after, 1000));
        scene.branch.refusal = refused;
      }
      t.true(times.length <= 40, `${times.length} pushes`);
      for (const [i, time] of times.entries()) if (i > 0) t.true(time - (times[i - 1] ?? 0) >= 30_000);
      await scene.end();
    }),
    { numRuns: times(12, 3) },
  );
});

test('a branch that does not fit into memory is no reason to restart, and is fetched again minutes later', async (t) => {
  const scene = await toLoadingScene();
  const tooLarge = new BranchTrouble('too-large', safe`the branch is too large to be read`);
  for (let i = 0; i < 100; i++) scene.branch.troubles.push(tooLarge);
  scene.repository.edit({ 'weights.bin': 'as it were' });
  await scene.clock.advance(600_000);
  const tries = 100 - scene.branch.troubles.length;
  t.true(tries >= 3 && tries <= 8, `${tries} tries in ten minutes`);
  t.is<string | undefined, string>(scene.watcher.obstacle, 'the branch is too large to be read');
  t.true(scene.watcher.isAlive);
  scene.branch.troubles.length = 0;
  await scene.clock.advance(300_000);
  t.is(scene.watcher.obstacle, undefined);
  await scene.end();
});

test('a server that asks for time is left alone for so long', async (t) => {
  const scene = await toLoadingScene();
  scene.branch.troubles.push(new BranchTrouble('throttled', safe`too many requests`, 20_000));
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(20_000);
  t.is(scene.log.length, 1);
  await scene.clock.advance(2000);
  t.is(scene.log.length, 2);
  await scene.end();
});

test('the Applications of changed models are refreshed, but not when the mirror alone changed', async (t) => {
  const scene = await toLoadingScene();
  const tracked = (percentage: number) => ({
    ...toRoute('wisdom', { path: 'wisdom', percentage }),
    tracking: 'wisdom-app:networking.istio.io/VirtualService:models/wisdom',
  });
  scene.watcher.put(tracked(0));
  scene.watcher.put(toRoute('wisdom-mirror', { to: 'wisdom-1' }));
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(2000);
  t.is(scene.refreshed.length, 1);
  scene.watcher.put(tracked(100));
  await scene.clock.advance(2000);
  t.is(scene.log.at(-1), 'status(wisdom): 100 % is mirrored to wisdom-1');
  t.is(scene.refreshed.length, 1);
  await scene.end();
  // Neither by a watcher that has read the versions from git.
  const second = new Scene({}, scene.repository);
  second.list([...toServices('wisdom', loaded), tracked(50), toRoute('wisdom-mirror', { to: 'wisdom-1' })]);
  await second.clock.advance(2000);
  t.is(second.log.at(-1), 'status(wisdom): 50 % is mirrored to wisdom-1');
  t.deepEqual(second.refreshed, []);
  await second.end();
});

test('a VirtualService that names no Application is reported once, not passed over silently', async (t) => {
  const scene = await toLoadingScene();
  for (const state of [loaded, loading, loaded]) {
    for (const live of toServices('wisdom', state)) scene.watcher.put(live);
    await scene.clock.advance(20_000);
  }
  t.deepEqual(scene.refreshed, []);
  t.is(scene.lines.filter((line) => line.includes('set --argocd-instance-label')).length, 1);
  await scene.end();
});

test('a push of others refreshes the Applications whose manifests it changes, and no others', async (t) => {
  const scene = await toLoadingScene();
  scene.repository.edit({ 'folly/model.yaml': toModelText('folly'), 'folly/deep/notes.txt': 'text' });
  const tracked = (model: string) => ({ ...toRoute(model, { path: model, percentage: 0 }), tracking: `${model}-app` });
  for (const model of ['wisdom', 'folly']) scene.watcher.put(tracked(model));
  for (const live of toServices('folly', loaded)) scene.watcher.put(live);
  await scene.clock.advance(60_000);
  const push = async (files: Record<string, string>) => {
    scene.refreshed.length = 0;
    scene.repository.edit(files);
    await scene.clock.advance(31_000);
    return scene.refreshed.splice(0).sort();
  };
  t.deepEqual(await push({ 'folly/policy.yaml': 'spec: {mirrorPercentage: 0}' }), ['folly-app']);
  t.deepEqual(await push({ 'policy.yaml': 'spec: {}' }), ['folly-app', 'wisdom-app']);
  t.deepEqual(await push({ 'wisdom/model.yaml': `${toModelText('wisdom')}# edited\n` }), ['wisdom-app']);
  t.deepEqual(await push({ 'folly/deep/policy.yaml': 'spec: {}' }), []);
  t.deepEqual(await push({ 'notes.txt': 'text' }), []);
  await scene.end();
});

test('after a refresh the branch is fetched again soon: a refresh requested meanwhile is lost in Argo CD', async (t) => {
  const scene = await toLoadingScene();
  const tracked = { ...toRoute('wisdom', { path: 'wisdom', percentage: 0 }), tracking: 'wisdom-app' };
  scene.watcher.put(tracked);
  for (const live of toServices('wisdom', loaded)) scene.watcher.put(live);
  await scene.clock.advance(600);
  t.deepEqual(scene.refreshed, ['wisdom-app']);
  // The branch is fetched for another reason, too early.
  scene.watcher.put(toRoute('another', { path: 'another' }));
  await scene.clock.advance(1000);
  scene.repository.edit({ 'wisdom/policy.yaml': 'spec: {mirrorPercentage: 0}' });
  await scene.clock.advance(3500);
  t.deepEqual(scene.refreshed, ['wisdom-app', 'wisdom-app']);
  await scene.end();
});

test('once: it observes, waits for what must hold, commits and ends', async (t) => {
  const first = await toLoadingScene();
  for (const live of toServices('wisdom', loaded)) first.watcher.put(live);
  await first.clock.advance(2000);
  await first.end();
  const scene = new Scene({ once: true }, first.repository);
  scene.list([...toServices('wisdom', failed), routeOf('wisdom')]);
  await scene.clock.advance(10_000);
  await scene.running;
  t.is(scene.log.at(-1), 'status(wisdom): candidate v2 failed; its mirror closes');
  const again = new Scene({ once: true }, first.repository);
  again.list([...toServices('wisdom', failed), routeOf('wisdom')]);
  await again.clock.advance(1000);
  await again.running;
  t.is(scene.log.length, 3);
});

test('two watchers write the same and then nothing more, whatever happens in between', async (t) => {
  const states = [undefined, loading, loaded, failed];
  const step = fc.record({
    model: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom(...states),
    digest: fc.constantFrom('d2', 'd3'),
    isAway: fc.boolean(),
    lag: fc.integer({ min: 0, max: 3000 }),
    after: fc.integer({ min: 0, max: 8000 }),
    vandal: fc.option(fc.constantFrom('', 'kind: ModelStatus\n', 'nonsense: ['), { nil: undefined, freq: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) => playTwo(t, steps)),
    { numRuns: times(25, 4) },
  );
});

interface Step {
  readonly model: string;
  readonly state: object | undefined;
  readonly digest: string;
  /** KServe's controller writes nothing. */
  readonly isAway: boolean;
  /** How much later the second watcher sees it. */
  readonly lag: number;
  readonly after: number;
  readonly vandal: string | undefined;
}

async function playTwo(t: ExecutionContext, steps: readonly Step[]): Promise<void> {
  const repository = new MemoryRepository();
  const names = ['a', 'b', 'c'];
  for (const name of names) repository.edit({ [`${name}/model.yaml`]: toModelText(name) });
  const clock = new ManualClock();
  const scenes = [new Scene({ page: true }, repository, clock), new Scene({ page: true }, repository, clock)] as const;
  const start = names.flatMap((name) => [...toServices(name, loading), routeOf(name)]);
  for (const scene of scenes) scene.list(start);
  let people = 0;
  const current = new Map(names.map((name) => [name, toServices(name, loading)]));
  for (const [i, { model, state, digest, isAway, lag, after, vandal }] of steps.entries()) {
    const before = current.get(model)?.[1];
    const live = toServices(model, state, digest).map((object) =>
      object.is === 'version' && object.name.endsWith('-1')
        ? isAway && before?.is === 'version'
          ? { ...object, report: before.report, statusIsLater: before.loads === object.loads && before.statusIsLater }
          : { ...object, report: object.report && { ...object.report, stamp: `${i}` } }
        : object,
    );
    current.set(model, live);
    for (const object of live) scenes[0].watcher.put(object);
    await clock.advance(lag);
    for (const object of live) scenes[1].watcher.put(object);
    if (vandal !== undefined) repository.edit({ [status(model)]: vandal, [`person-${people++}`]: 'mine' });
    await clock.advance(after);
  }
  await clock.advance(200_000);
  const commits = repository.messages.length;
  const files = new Map(repository.files);
  await clock.advance(600_000);
  t.is(repository.messages.length, commits, 'nothing more is committed');
  t.deepEqual(repository.files, files);
  for (let i = 0; i < people; i++) t.is(repository.files.get(`person-${i}`), 'mine');
  // A third watcher that remembers nothing finds nothing to fix.
  const third = new Scene({ page: true }, repository, clock);
  third.list(names.flatMap((name) => [...(current.get(name) ?? []), routeOf(name)]));
  await clock.advance(200_000);
  t.is(repository.messages.length, commits, 'a third watcher agrees');
  for (const scene of [...scenes, third]) await scene.end();
}
