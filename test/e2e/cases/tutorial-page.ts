import { join } from 'node:path';
import { readBlocks, toComparable, toQuicker, toReader, tutorialFile } from '../../docs/tutorial.ts';
import { pushAsBot } from '../../docs/tutorial-stage.ts';
import { inferenceServices } from '../cluster.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import { scratch } from '../sandbox.ts';
import type { Scene } from '../scene.ts';

const program = '/opt/model-mirror/dist/model-mirror.cjs';
const application = 'models';

/** `docs/tutorial.md`, typed by somebody who has nothing but git and our command. */
export async function tutorialPage(scene: Scene): Promise<void> {
  const { repository, models } = scene.stack;
  models.loadMs = 2000;
  // The page tells of a history without what other cases did.
  await repository.beginAnew({ 'models/.gitkeep': '' });
  await scene.stack.addApplication({ name: application, path: 'models' });
  // The watcher writes its page on the new history: before that there is no peace to clone in.
  await until('the watcher has written its page', async () => (await repository.read('STATUS.md')) !== undefined);
  const shell = toReader(join(scratch, 'reader'), program, repository.url);
  // Nobody sends requests here.
  const blocks = readBlocks(tutorialFile, 'modelmesh').filter(({ needsRequests }) => !needsRequests);
  for (const { commands, mustFail, shown } of blocks) {
    if (commands.includes('git push')) await pushAsBot(join(scratch, 'bot'), repository.url);
    const { code, said } = await shell.play(toQuicker(commands));
    // What a git host's webhook does.
    if (commands.includes('git push')) await scene.stack.refresh(application);
    const title = commands.split('\n').at(-1) ?? '';
    const isAsShown = toComparable(said, shown ?? '') === toComparable(shown ?? '', shown ?? '');
    scene.check(title, (code !== 0) === mustFail && isAsShown ? [] : [`it ends with ${code} and says:\n${said}`]);
  }
  await until('the plugin refuses to render nothing', async () => {
    const status = (await scene.application(application))?.['status'] as {
      readonly sync?: { readonly status: string };
    };
    return status.sync?.status === 'Unknown';
  });
  scene.check(
    'so nothing is removed',
    (await scene.stack.cluster.list(inferenceServices, modelNamespace)).length === 1,
  );
  await scene.stack.wipe();
}
