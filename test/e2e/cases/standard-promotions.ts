import { until } from '../program.ts';
import type { Change } from '../promotion.ts';
import { callDuring, expectAnswersDuring } from '../promotion.ts';
import type { Scene } from '../scene.ts';
import { standardModel } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { origins } from '../traffic.ts';

const [v1, v2] = [{ version: 'v1' }, { version: 'v2' }];

/**
 * Promotions and their ways back, each counted: in place, and to the InferenceService of another name. Of a model each, at
 * the same time.
 */
export async function standardPromotions(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  await Promise.all([inPlaceAndBack(scene), byName(scene), withoutWaiting(scene)]);
  await scene.remove('wisdom', 'renamed', 'hasty');
}

/** The mirror is open before each. */
async function inPlaceAndBack(scene: StandardScene): Promise<void> {
  const untilOver = () => untilAlone(scene, 'wisdom-0');
  await scene.deploy(standardModel({ primary: v1, candidate: v2 }));
  await open(scene, 'wisdom');
  await expectAnswersDuring(scene, {
    ...{ what: 'v2 is promoted', from: 'v1', to: 'v2', untilOver },
    make: () => promote(scene, 'wisdom'),
  });
  await expectAnswersDuring(scene, {
    ...{ what: 'git revert undoes it', from: 'v2', to: 'v1', untilOver },
    make: () => scene.revert('wisdom: promote wisdom'),
  });
  await open(scene, 'wisdom');
  await bySwapping(scene);
}

/** In two commits: nothing that requests still go to leaves git. */
async function bySwapping(scene: StandardScene): Promise<void> {
  const swapped = standardModel({ primary: { ...v2, name: 'wisdom-1' }, candidate: { ...v1, name: 'wisdom-0' } });
  const toPods = () => ['wisdom-0', 'wisdom-1'].flatMap((name) => scene.standard.podsOf(name).map((pod) => pod.name));
  const pods = toPods();
  await expectAnswersDuring(scene, {
    ...{ what: 'v1 and v2 are swapped, and v1 discarded', from: 'v1', to: 'v2' },
    make: () => scene.commit('wisdom: swap v1 and v2', swapped),
    untilOver: async () => {
      await scene.untilMirrorIsOpen(100);
      scene.equal('a swap starts no Pod again', toPods(), pods);
      await scene.edit('wisdom', 'discard', 'wisdom');
      await untilGone(scene, 'wisdom-0');
    },
  });
}

/** Argo CD removes what left git before it changes the route. */
async function byName(scene: StandardScene): Promise<void> {
  const model = 'renamed';
  await scene.deploy(standardModel({ name: model, primary: v1, candidate: { ...v2, name: 'renamed-next' } }));
  await scene.untilMirrorIsOpen(100, model);
  await expectOnly503(scene, {
    ...{ what: 'v2 is promoted by its name', model, from: 'v1', to: 'v2' },
    untilOver: async () => {
      await untilGone(scene, 'renamed-0');
      await scene.untilRoutes('calls go to renamed-next', model, ({ to }) => to === 'renamed-next');
    },
  });
}

/** Servers that end at once, as they do without a hook. */
async function withoutWaiting(scene: StandardScene): Promise<void> {
  const model = 'hasty';
  await scene.deploy(standardModel({ name: model, primary: v1, candidate: v2, model: { lifecycle: undefined } }));
  await open(scene, model);
  await expectOnly503(scene, {
    ...{ what: 'v2 is promoted, without preStop', model, from: 'v1', to: 'v2' },
    untilOver: () => untilAlone(scene, 'hasty-0'),
  });
}

/** Calls that the docs say may fail. */
async function expectOnly503(scene: StandardScene, change: Omit<Change, 'make'> & { readonly model: string }) {
  const { what, model, from, to } = change;
  const summaries = await callDuring(scene, { ...change, make: () => promote(scene, model) });
  for (const [i, summary] of summaries.entries()) {
    const answered = { ...summary, sent: summary.sent - (summary.errors['HTTP_503'] ?? 0) };
    const troubles = scene.findUnpredicted(answered, [from, to]);
    scene.check(`while ${what}, what is not answered is 503, ${origins[i]}`, troubles);
  }
}

/** Ready, and mirrored to. */
async function open(scene: StandardScene, model: string): Promise<void> {
  await scene.untilMirrorIsOpen(100, model);
  await scene.untilCopiesComeFromBoth({ model });
}

function promote(scene: StandardScene, model: string): Promise<number> {
  return scene.edit(model, 'promote', model);
}

async function untilAlone(scene: StandardScene, name: string): Promise<void> {
  await until(`${name} has one Pod`, () => scene.standard.podsOf(name).length === 1);
}

async function untilGone(scene: StandardScene, name: string): Promise<void> {
  await until(`${name} has no Pod`, () => scene.standard.podsOf(name).length === 0);
}
