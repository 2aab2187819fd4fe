/** A status commit on a deploy branch names what was carried last; git itself reads its trailers. */
import { tmpdir } from 'node:os';
import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { withCarried } from '../../../src/output/words/carry.ts';
import { toCommitMessage } from '../../../src/output/words/status-commit.ts';

const id = '0123456789'.repeat(4);
/** Longer than a foreign text may be. */
const models = Array.from({ length: 200 }, (_, i) => ({ name: `model-${i}`, namespace: 'ml', changes: [] }));

for (const signOff of [undefined, 'Bot <bot@example.com>'])
  test(`a message keeps its lines, and gets one more trailer: ${signOff ?? 'without a sign-off'}`, async (t) => {
    const message = toCommitMessage(models, { suffix: undefined, signOff });
    const carried = withCarried(message, id);
    t.true(carried.startsWith(message));
    t.is(
      await git(tmpdir(), ['interpret-trailers', '--parse'], { input: carried }),
      `${signOff === undefined ? '' : `Signed-off-by: ${signOff}\n`}Carried: ${id}\n`,
    );
  });

test('a message stays as it is where nothing was carried', (t) => {
  const message = safe`status: update the page\n`;
  t.is(withCarried(message, undefined), message);
});
