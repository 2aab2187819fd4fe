/** Cases that random histories do not have: files in place of folders, links, names twice, and other programs' files. */
import test from 'ava';
import { carry } from '../../../src/commands/carry.ts';
import type { CarryOutcome } from '../../../src/core/carry/carry.ts';
import { gitEnvironment } from '../../../src/demo/fakes/git.ts';
import { GitCarryClone } from '../../../src/io/git-cli/carry.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { toCarryMessage } from '../../../src/output/words/carry.ts';
import { CarryRepository, toModelText, toStatus } from '../carry-history.ts';

type Changes = Readonly<Record<string, string | undefined>>;

interface Case {
  readonly main: Changes;
  /** What is on the deploy branch beside it. */
  readonly deploy?: Changes;
  /** What happens on main after the first carry, or before it where the deploy branch was made by hand. */
  readonly next: Changes;
  readonly isByHand?: boolean;
  readonly expected: Changes;
  readonly undone?: readonly string[];
  readonly kept?: readonly string[];
}

const page = '<!-- Written by the model-mirror watcher. Do not edit. -->\n';

const cases: Readonly<Record<string, Case>> = {
  'a file takes the place of a folder with a model and a note of a person': {
    main: { 'a/model.yaml': toModelText('fraud') },
    deploy: { 'a/status.yaml': toStatus('fraud', 'one'), 'a/note.txt': 'mine' },
    next: { 'a/model.yaml': undefined, a: 'a file' },
    expected: { a: 'a file' },
    undone: ['a/note.txt'],
  },
  'a folder takes the place of a file that a person put on deploy': {
    main: { 'b.txt': 'b' },
    deploy: { a: 'mine' },
    next: { 'a/model.yaml': toModelText('fraud') },
    expected: { 'a/model.yaml': toModelText('fraud'), 'b.txt': 'b' },
    undone: ['a'],
  },
  'a file that people changed on deploy, and then main: the one of main': {
    main: { 'policy.yaml': 'one' },
    deploy: { 'policy.yaml': 'two' },
    next: { 'policy.yaml': 'three' },
    expected: { 'policy.yaml': 'three' },
    undone: ['policy.yaml'],
  },
  'the same change on both undoes nothing': {
    main: { 'policy.yaml': 'one' },
    deploy: { 'policy.yaml': 'two' },
    next: { 'policy.yaml': 'two' },
    expected: { 'policy.yaml': 'two' },
  },
  'a file that people removed on deploy is back once main changes it': {
    main: { 'policy.yaml': 'one', 'other.yaml': 'one' },
    deploy: { 'policy.yaml': undefined, 'other.yaml': undefined },
    next: { 'policy.yaml': 'two' },
    expected: { 'policy.yaml': 'two' },
    undone: ['policy.yaml'],
    kept: ['other.yaml'],
  },
  'a new folder of main brings no status, however it is written': {
    main: { 'README.md': 'hello' },
    next: {
      'a/model.yaml': toModelText('fraud'),
      'a/status.yaml': toStatus('fraud', 'made up'),
      'a/status.west.yaml': 'x',
    },
    expected: { 'README.md': 'hello', 'a/model.yaml': toModelText('fraud') },
  },
  'a status without a model on main is not carried, and other programs’ files of that name are': {
    main: { 'README.md': 'hello' },
    next: {
      'a/status.yaml': toStatus('fraud', 'made up'),
      'b/status.yaml': 'kind: Deployment',
      'STATUS.md': `${page}made up`,
      'docs/STATUS.md': '# Of a person',
      '.hidden/status.yaml': toStatus('fraud', 'a fixture'),
    },
    expected: {
      'README.md': 'hello',
      'b/status.yaml': 'kind: Deployment',
      'docs/STATUS.md': '# Of a person',
      '.hidden/status.yaml': toStatus('fraud', 'a fixture'),
    },
  },
  'two models swap their folders, and a third takes the name of its file along': {
    main: {
      'a/model.yaml': toModelText('fraud'),
      'b/model.yaml': toModelText('spam'),
      'c/model.yaml': toModelText('toxic'),
    },
    deploy: {
      'a/status.yaml': toStatus('fraud', 'one'),
      'b/status.yaml': toStatus('spam', 'two'),
      'c/status.yaml': toStatus('toxic', 'three'),
      'c/status.west.yaml': toStatus('toxic', 'four'),
    },
    next: {
      'a/model.yaml': toModelText('spam'),
      'b/model.yaml': toModelText('fraud'),
      'c/model.yaml': undefined,
      'c/x.model.yaml': toModelText('toxic'),
    },
    expected: {
      'a/model.yaml': toModelText('spam'),
      'a/status.yaml': toStatus('spam', 'two'),
      'b/model.yaml': toModelText('fraud'),
      'b/status.yaml': toStatus('fraud', 'one'),
      'c/x.model.yaml': toModelText('toxic'),
      'c/x.status.yaml': toStatus('toxic', 'three'),
      'c/x.status.west.yaml': toStatus('toxic', 'four'),
    },
  },
  'of two models with one name, each keeps the status of its namespace': {
    main: { 'a/model.yaml': toModelText('fraud', 'v1', 'red'), 'b/model.yaml': toModelText('fraud', 'v1', 'blue') },
    deploy: { 'a/status.yaml': toStatus('fraud', 'one', 'red'), 'b/status.yaml': toStatus('fraud', 'two', 'blue') },
    next: {
      'a/model.yaml': undefined,
      'b/model.yaml': undefined,
      'c/model.yaml': toModelText('fraud', 'v1', 'blue'),
      'd/model.yaml': toModelText('fraud', 'v1', 'red'),
    },
    expected: {
      'c/model.yaml': toModelText('fraud', 'v1', 'blue'),
      'c/status.yaml': toStatus('fraud', 'two', 'blue'),
      'd/model.yaml': toModelText('fraud', 'v1', 'red'),
      'd/status.yaml': toStatus('fraud', 'one', 'red'),
    },
  },
  'where either of two models could be meant, neither gets the status': {
    main: { 'a/model.yaml': toModelText('fraud') },
    deploy: { 'a/status.yaml': toStatus('fraud', 'one') },
    next: { 'a/model.yaml': undefined, 'b/model.yaml': toModelText('fraud'), 'c/model.yaml': toModelText('fraud') },
    expected: { 'b/model.yaml': toModelText('fraud'), 'c/model.yaml': toModelText('fraud') },
  },
  'a copy of a model leaves its status where it is': {
    main: { 'a/model.yaml': toModelText('fraud') },
    deploy: { 'a/status.yaml': toStatus('fraud', 'one') },
    next: { 'b/model.yaml': toModelText('fraud') },
    expected: {
      'a/model.yaml': toModelText('fraud'),
      'a/status.yaml': toStatus('fraud', 'one'),
      'b/model.yaml': toModelText('fraud'),
    },
  },
  'the status stays while a model cannot be read': {
    main: { 'a/model.yaml': toModelText('fraud') },
    deploy: { 'a/status.yaml': toStatus('fraud', 'one') },
    next: { 'a/model.yaml': 'a: [' },
    expected: { 'a/model.yaml': 'a: [', 'a/status.yaml': toStatus('fraud', 'one') },
  },
  'another model in the same file starts without a status': {
    main: { 'a/model.yaml': toModelText('fraud') },
    deploy: { 'a/status.yaml': toStatus('fraud', 'one') },
    next: { 'a/model.yaml': toModelText('spam') },
    expected: { 'a/model.yaml': toModelText('spam') },
  },
  'a deploy branch that was made by hand: statuses are taken over where it has none': {
    isByHand: true,
    main: { 'a/model.yaml': toModelText('fraud'), 'b/model.yaml': toModelText('spam'), 'old.txt': 'old' },
    deploy: { 'a/status.yaml': toStatus('fraud', 'of deploy'), 'mine.txt': 'mine' },
    next: {
      'a/status.yaml': toStatus('fraud', 'of main'),
      'b/status.yaml': toStatus('spam', 'of main'),
      'c/status.yaml': toStatus('gone', 'of main'),
      'old.txt': undefined,
      'STATUS.md': `${page}of main`,
    },
    expected: {
      'a/model.yaml': toModelText('fraud'),
      'a/status.yaml': toStatus('fraud', 'of deploy'),
      'b/model.yaml': toModelText('spam'),
      'b/status.yaml': toStatus('spam', 'of main'),
      'STATUS.md': `${page}of main`,
    },
    undone: ['mine.txt', 'old.txt'],
  },
};

for (const [title, { main, deploy = {}, next, isByHand = false, expected, undone = [], kept = [] }] of Object.entries(
  cases,
))
  test(title, async (t) => {
    const repository = await CarryRepository.make();
    t.teardown(() => repository.remove());
    const toMap = (changes: Changes) => new Map(Object.entries(changes));
    await repository.commit('main', toMap(main));
    const clone = await repository.clone();
    if (isByHand) await repository.git('branch', 'deploy', 'main');
    else t.is((await carryByHand(clone)).code, 'created');
    await repository.commit('deploy', toMap(deploy));
    await repository.commit('main', toMap(next));
    const outcome = await carryByHand(clone);
    t.is(outcome.code, isByHand ? 'first' : 'carried');
    t.deepEqual(Object.fromEntries(await repository.read('deploy')), expected as Record<string, string>);
    t.deepEqual([outcome.undone, outcome.kept], [undone, kept]);
    t.is(await repository.git('fsck', '--strict', '--full', '--no-dangling'), '');
  });

async function carryByHand(folder: string): Promise<CarryOutcome> {
  using clone = new GitCarryClone(new Git(folder, { environment: gitEnvironment() }), {
    source: 'main',
    deploy: 'deploy',
  });
  const message = { suffix: undefined, signOff: undefined };
  return await carry(
    { push: true, dryRun: false },
    (source, undone, isFirst) => toCarryMessage(source, undone, isFirst, message),
    clone,
  );
}
