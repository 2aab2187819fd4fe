/** The next steps with git, as values; test/cli/steps.test.ts runs them. */
import test from 'ava';
import type { GitStep } from '../../../src/core/edit/git-steps.ts';
import { canPush, toBranchStep, toCommitStep, toPull, toPushStep } from '../../../src/core/edit/git-steps.ts';
import type { Destination, GitStepState, LocalState } from '../../../src/core/ports/clone.ts';

const destination: Destination = {
  words: ['push'],
  remote: 'origin',
  branch: 'main',
  isFirst: false,
  isUnclear: false,
  tracking: ['refs/remotes/origin/main'],
};
const state: LocalState = {
  head: '1',
  branch: 'main',
  uncommitted: new Set(),
  unpushed: new Set(),
  isTracked: (path) => path !== 'new',
  destination,
};
const steps: GitStepState = {
  unfinished: undefined,
  conflicts: [],
  ignored: new Set(['new']),
  branches: ['main', 'edit-a', 'edit-a-2/x'],
  isBehind: false,
};

const linesOf = (step: GitStep) =>
  step.code === 'run'
    ? step.commands.map(({ words, files = [] }) => [...words, ...(files.length > 0 ? ['--', ...files] : [])].join(' '))
    : [step.code];
const commit = (files: string[], changed: Partial<LocalState & GitStepState> = {}, hidden: string[] = []) =>
  linesOf(toCommitStep({ ...state, ...changed }, { ...steps, ...changed }, { files, message: 'Edit a', hidden }));
const push = (changed: Partial<LocalState & GitStepState>) =>
  linesOf(toPushStep({ ...state, ...changed }, { ...steps, ...changed }));

test('a push goes where the branch goes, after a pull where that is ahead', (t) => {
  t.deepEqual(push({}), ['push']);
  t.deepEqual(push({ isBehind: true }), ['pull --rebase --autostash', 'push']);
  t.deepEqual(push({ isBehind: true, destination: { ...destination, isFirst: true, words: ['push', '-u'] } }), [
    'push -u',
  ]);
  t.deepEqual(push({ branch: undefined }), ['no-branch']);
  t.deepEqual(push({ destination: undefined }), ['no-remote']);
  t.deepEqual([canPush(state), canPush({ ...state, branch: undefined })], [true, false]);
  t.deepEqual(toPull({ ...destination, isFirst: true }).words.slice(-2), ['origin', 'main']);
});

test('a commit adds what is new, by force what is ignored, and is pushed if possible', (t) => {
  t.deepEqual(commit(['a', 'b']), ['commit -m Edit a -- a b', 'push']);
  t.deepEqual(commit(['a', 'new']), ['add --force -- new', 'commit -m Edit a -- a new', 'push']);
  t.deepEqual(commit(['new'], { ignored: new Set(), destination: undefined }), [
    'add -- new',
    'commit -m Edit a -- new',
  ]);
  t.deepEqual(commit(['a'], {}, ['a']), [
    'update-index --no-assume-unchanged -- a',
    'update-index --no-skip-worktree -- a',
    'commit -m Edit a -- a',
    'push',
  ]);
});

test('without a branch one is created, under a name that is free', (t) => {
  t.deepEqual(commit(['a'], { branch: undefined, destination: undefined }), [
    'switch --create edit-a-3',
    'commit -m Edit a -- a',
  ]);
  t.deepEqual(linesOf(toBranchStep('origin', '¿?', [])), ['switch --create edit', 'push --set-upstream origin edit']);
  const long = linesOf(toBranchStep('origin', 'word '.repeat(20), []))[0] ?? '';
  t.true(long.length <= 'switch --create '.length + 40 && !long.endsWith('-'), long);
});

test('a merge is finished with the edit, unless there are conflicts elsewhere', (t) => {
  const merging = { unfinished: 'merge', conflicts: ['a'] } as const;
  t.deepEqual(commit(['a'], merging), ['add -- a', 'merge --continue', 'push']);
  t.deepEqual(toCommitStep(state, { ...steps, ...merging, conflicts: ['a', 'b'] }, { files: ['a'], message: 'm' }), {
    code: 'unfinished',
    kind: 'merge',
    conflicts: ['b'],
  });
});
