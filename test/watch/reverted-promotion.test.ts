/**
 * What people bring back with an old status file: a promotion, or the removal of a model, that is reverted before the
 * watcher has committed what became of the candidate. Render goes by the files alone, and they are as they were while the
 * candidate was Ready; but its InferenceService was removed meanwhile, and is only being created again.
 */
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { loading, standby } from '../core/observe/live-objects.ts';
import { pick } from '../thorough.ts';
import { RevertingWorld } from './reverting-world.ts';

/** What KServe reports of a new InferenceService at first. */
const firsts = { nothing: undefined, Loading: loading, Standby: standby };
const settleMs = 5000;
/** Events cause one fetch in a second, also those of a start, and after a push the watcher waits half of one. */
const pauseMs = 2000;

test('files that are as they were render as they did: the plugin cannot know that the candidate was removed', async (t) => {
  const world = await RevertingWorld.start(undefined);
  const before = new Map(world.repository.files);
  world.toggle();
  world.sync();
  world.toggle();
  t.deepEqual(world.repository.files, before);
  t.true(world.opens && !world.isLoaded);
  world.sync();
  t.true(world.isOpen, 'until the watcher’s next commit is applied');
  await world.see(0);
  world.sync();
  t.false(world.isOpen);
  await world.stop();
});

for (const [called, first] of Object.entries(firsts))
  test(`the watcher closes by its first look, wherever it comes, while KServe reports ${called}`, async (t) => {
    for (const steps of pick(toOrders(6), 8)) {
      await play(t, steps, first, false);
      if (steps.filter((step) => step === 'toggle').length > 1) await play(t, steps, first, true);
    }
  });

const steps = ['toggle', 'sync', 'see', 'restart'] as const;
type Step = (typeof steps)[number];

/** All orders of so many steps that begin with a promotion: a step that changes nothing is as good as none. */
function toOrders(length: number): readonly (readonly Step[])[] {
  let orders: readonly (readonly Step[])[] = [['toggle']];
  for (let i = 1; i < length; i++)
    orders = orders.flatMap((order) =>
      steps.filter((step) => step !== order.at(-1)).map((step) => [...order, step] as const),
    );
  return orders;
}

async function play(
  t: ExecutionContext,
  order: readonly Step[],
  first: object | undefined,
  removesModel: boolean,
): Promise<void> {
  const world = await RevertingWorld.start(first, removesModel);
  const title = `${order.join(', ')}${removesModel ? ' of the whole model' : ''}`;
  // Nothing is open in the cluster, and nothing tells the watcher of a commit, before Argo CD has applied it.
  let isApplied = true;
  for (const step of order) {
    if (step !== 'see') isApplied = step !== 'toggle';
    if (step === 'toggle') await world.clock.advance(pauseMs);
    if (step === 'toggle') world.toggle();
    else if (step === 'sync') world.sync();
    else {
      if (step === 'restart') {
        await world.stop();
        world.restart();
      }
      // No time passes: neither --settle nor the window for other changes is waited for.
      await world.see(0);
      if (isApplied && world.opens && !world.isLoaded) return t.fail(`${title}: a mirror is left open after ${step}`);
    }
  }
  if (!world.isDeclared) world.toggle();
  world.sync();
  await world.see(2 * settleMs);
  world.load();
  await world.see(2 * settleMs);
  t.true(world.opens, `${title}: it opens once it is loaded`);
  const { commits } = world;
  await world.see(60_000);
  t.is(world.commits, commits, title);
  await world.stop();
}
