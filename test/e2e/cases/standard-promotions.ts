import { until } from '../program.ts';
import { callDuring, expectAnswersDuring } from '../promotion.ts';
import type { Scene } from '../scene.ts';
import { standardModel, uriOf } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { origins } from '../traffic.ts';

const [v1, v2] = [{ version: 'v1' }, { version: 'v2' }];

/** Promotions and their ways back, each counted: in place, and to the InferenceService of another name. */
export async function standardPromotions(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  await scene.deploy(standardModel({ primary: v1, candidate: v2 }));
  await open(scene);
  await inPlaceAndBack(scene);
  await bySwapping(scene);
  await byName(scene);
  await withoutWaiting(scene);
  await scene.remove('wisdom');
}

/** Ready, and mirrored to. */
async function open(scene: StandardScene): Promise<void> {
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesComeFromBoth();
}

/** The mirror is open before both. */
async function inPlaceAndBack(scene: StandardScene): Promise<void> {
  const untilOver = () => untilAlone(scene, 'wisdom-0');
  await expectAnswersDuring(scene, {
    ...{ what: 'v2 is promoted', from: 'v1', to: 'v2', untilOver },
    make: () => promote(scene),
  });
  await expectAnswersDuring(scene, {
    ...{ what: 'git revert undoes it', from: 'v2', to: 'v1', untilOver },
    make: () => scene.revert('wisdom: promote wisdom'),
  });
  await open(scene);
}

/** In two commits: nothing that requests still go to leaves git. */
async function bySwapping(scene: StandardScene): Promise<void> {
  const swapped = standardModel({ primary: { ...v2, name: 'wisdom-1' }, candidate: { ...v1, name: 'wisdom-0' } });
  const pods = ['wisdom-0', 'wisdom-1'].flatMap((name) => scene.standard.podsOf(name));
  await expectAnswersDuring(scene, {
    what: 'v1 and v2 are swapped, and v1 discarded',
    ...{ from: 'v1', to: 'v2' },
    make: () => scene.commit('wisdom: swap v1 and v2', swapped),
    untilOver: async () => {
      await scene.untilMirrorIsOpen(100);
      const now = ['wisdom-0', 'wisdom-1'].flatMap((name) => scene.standard.podsOf(name));
      scene.equal(
        'the swap starts no Pod again',
        now.map(({ name }) => name),
        pods.map(({ name }) => name),
      );
      await scene.edit('wisdom', 'discard', 'wisdom');
      await untilGone(scene, 'wisdom-0');
    },
  });
}

/** Argo CD removes what left git before it changes the route. */
async function byName(scene: StandardScene): Promise<void> {
  const version = ['--version', 'v3', '--storage-uri', uriOf('v3')];
  await scene.edit('wisdom', 'candidate', 'set', 'wisdom', ...version, '--name', 'wisdom-0');
  await scene.untilMirrorIsOpen(100);
  await expectOnly503(scene, {
    ...{ what: 'v3 is promoted by its name', from: 'v2', to: 'v3' },
    untilOver: () => untilGone(scene, 'wisdom-1'),
  });
}

/** Servers that end at once, as they do without a hook. */
async function withoutWaiting(scene: StandardScene): Promise<void> {
  const model = { lifecycle: undefined };
  const primary = { version: 'v3', name: 'wisdom-0' };
  await scene.commit('wisdom: no preStop', standardModel({ primary, candidate: v1, model }));
  await scene.untilMirrorIsOpen(100);
  await untilAlone(scene, 'wisdom-0');
  await expectOnly503(scene, {
    ...{ what: 'v1 is promoted, without preStop', from: 'v3', to: 'v1' },
    untilOver: () => untilAlone(scene, 'wisdom-0'),
  });
}

/** Those that the docs say may fail. */
async function expectOnly503(scene: StandardScene, change: Omit<Parameters<typeof callDuring>[1], 'make'>) {
  const summaries = await callDuring(scene, { ...change, make: () => promote(scene) });
  for (const [i, summary] of summaries.entries()) {
    const { HTTP_503: failed = 0 } = summary.errors;
    const answered = { ...summary, sent: summary.sent - failed };
    const troubles = scene.findUnpredicted(answered, [change.from, change.to]);
    scene.check(`${change.what}: what is not answered is 503, ${origins[i]}`, troubles);
  }
}

function promote(scene: StandardScene): Promise<number> {
  return scene.edit('wisdom', 'promote', 'wisdom');
}

async function untilAlone(scene: StandardScene, name: string): Promise<void> {
  await until(`${name} has one Pod`, () => scene.standard.podsOf(name).length === 1);
}

async function untilGone(scene: StandardScene, name: string): Promise<void> {
  await until(`${name} has no Pod`, () => scene.standard.podsOf(name).length === 0);
}
