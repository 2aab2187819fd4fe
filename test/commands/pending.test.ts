import test from 'ava';
import type { PendingPorts } from '../../src/commands/pending.ts';
import { findPending } from '../../src/commands/pending.ts';
import type { FolderTree } from '../../src/core/input/folder-tree.ts';
import type { LocalState } from '../../src/core/ports/clone.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';

const files = [
  'models/a/model.yaml',
  'models/b/model.yaml',
  'models/policy.yaml',
  'policy.yaml',
  'models/a/status.yaml',
];

/** A branch with an upstream, in which these files differ from HEAD or from the remote. */
function toPorts(
  uncommitted: readonly string[],
  unpushed: readonly string[] = [],
  state: Partial<LocalState> = {},
): PendingPorts & { readonly asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  const tracking = ['refs/remotes/origin/main'];
  const destination = { words: ['push'], remote: 'origin', branch: 'main', isFirst: false, isUnclear: false, tracking };
  const steps = { unfinished: undefined, conflicts: [], ignored: new Set<string>(), branches: [], isBehind: false };
  return {
    asked,
    clone: {
      readState: async (_, read) => {
        asked.push(read);
        const sets = { uncommitted: new Set(uncommitted), unpushed: new Set(unpushed) };
        return { head: '01', branch: 'main', isTracked: () => true, destination, ...sets, ...state };
      },
      readStepState: async () => steps,
    },
    toMessage: (some) => `Edit ${some.length}`,
  };
}

function toTree(tree: Partial<FolderTree> = {}): FolderTree {
  return { ...toMemoryTree(Object.fromEntries(files.map((file) => [file, '']))), ...tree };
}

test('of a model count its file and the policies of the folders around it, and no status file', async (t) => {
  const ports = toPorts([...files, 'notes.txt']);
  const find = await findPending(toTree(), ports);
  t.deepEqual(ports.asked, [files.filter((file) => !file.endsWith('status.yaml'))]);
  t.deepEqual(find(['models/a/model.yaml'])?.uncommitted, ['models/a/model.yaml', 'models/policy.yaml', 'policy.yaml']);
  t.deepEqual(find([])?.uncommitted, []);
  t.deepEqual(find(['models/a/model.yaml', 'models/b/model.yaml'])?.uncommitted.length, 4);
});

test('policies outside of the root do not count', async (t) => {
  const find = await findPending(toTree({ policyRoot: 'models' }), toPorts(files));
  t.deepEqual(find(['models/a/model.yaml'])?.uncommitted, ['models/a/model.yaml', 'models/policy.yaml']);
});

test('the step commits what is not committed, and otherwise pushes', async (t) => {
  const changed = await findPending(toTree(), toPorts(['policy.yaml'], ['models/a/model.yaml']));
  t.deepEqual(changed(['models/a/model.yaml']), {
    uncommitted: ['policy.yaml'],
    unpushed: ['models/a/model.yaml'],
    step: {
      code: 'run',
      commands: [{ words: ['commit', '-m', 'Edit 1'], files: ['policy.yaml'] }, { words: ['push'] }],
    },
    canPush: true,
  });
  const committed = await findPending(toTree(), toPorts([], ['models/a/model.yaml']));
  t.deepEqual(committed(['models/a/model.yaml'])?.step, { code: 'run', commands: [{ words: ['push'] }] });
});

test('where there is no branch or remote, that is what is missing', async (t) => {
  const step = async (state: Partial<LocalState>) =>
    (await findPending(toTree(), toPorts([], files, state)))(['models/a/model.yaml']);
  t.deepEqual((await step({ branch: undefined, destination: undefined }))?.step, { code: 'no-branch' });
  const remote = await step({ destination: undefined });
  t.deepEqual([remote?.step, remote?.canPush], [{ code: 'no-remote' }, false]);
});

test('nothing is known where git cannot tell, and nothing is pending where nothing differs', async (t) => {
  const ports = toPorts([]);
  const unknown = await findPending(toTree(), {
    ...ports,
    clone: { ...ports.clone, readState: async () => undefined },
  });
  t.is(unknown(['models/a/model.yaml']), undefined);
  const clean = await findPending(toTree(), ports);
  t.deepEqual([clean(files)?.uncommitted, clean(files)?.unpushed], [[], []]);
});
