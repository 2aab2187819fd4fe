import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import { maxFileBytes } from '../../../src/core/repository/file-text.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { GitObjects } from '../../../src/io/git-cli/objects.ts';
import { RevisionNames } from '../../../src/io/git-cli/revision-names.ts';
import type { Environment } from '../../../src/io/process/argocd-environment.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-objects-')));
test.after.always(() => rmSync(root, { recursive: true, force: true }));
test.before(() => git(root, ['init', '--quiet']));

const environment = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1' };

function open(env: Environment): GitObjects {
  const repository = new Git(root, { environment: env });
  return new GitObjects(repository, new RevisionNames(repository));
}

const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  // What looks like the end of an answer, or like the next one.
  fc.constantFrom('', '\n', '\n\n', `${'0'.repeat(40)} missing\n`, `${'0'.repeat(40)} blob 3\nabc\n`).map(Buffer.from),
  fc.integer({ min: 60_000, max: 300_000 }).map((length) => Buffer.alloc(length, '\n')),
);

/** Not by `t.deepEqual`, which describes every byte. */
function assertBlob(
  t: ExecutionContext,
  object: Awaited<ReturnType<GitObjects['read']>>,
  id: string,
  content: Buffer,
): void {
  t.is(object?.id, id);
  t.is(object?.type, 'blob');
  t.true(object?.content.equals(content));
}

test('each request gets its own object, whatever objects contain and in whatever order they are read', async (t) => {
  using objects = open(environment);
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      async (all, order) => {
        const ids: string[] = [];
        for (const one of all) ids.push((await git(root, ['hash-object', '-w', '--stdin'], { input: one })).trim());
        const missing = 'f'.repeat(40);
        const asked = Array.from(
          { length: 30 },
          () => [...ids, missing][(order.next().value ?? 0) % (ids.length + 1)] ?? '',
        );
        const read = await Promise.all(asked.map((id) => objects.read(id)));
        for (const [i, id] of asked.entries()) {
          if (id === missing) t.is(read[i], undefined);
          else assertBlob(t, read[i], id, Buffer.from(all[ids.indexOf(id)] ?? []));
        }
      },
    ),
    { numRuns: 15, seed: 13 },
  );
});

test('a broken object fails all pending reads, and the next read works again', async (t) => {
  const [good, bad] = [
    (await git(root, ['hash-object', '-w', '--stdin'], { input: 'good' })).trim(),
    (await git(root, ['hash-object', '-w', '--stdin'], { input: randomBytes(2000) })).trim(),
  ];
  const file = join(root, '.git/objects', bad.slice(0, 2), bad.slice(2));
  const whole = readFileSync(file);
  rmSync(file);
  writeFileSync(file, whole.subarray(0, 1000));
  using objects = open(environment);
  const results = await Promise.allSettled([objects.read(bad), objects.read(good)]);
  for (const result of results) {
    t.is(result.status, 'rejected');
    const { reason } = result as PromiseRejectedResult;
    t.true(reason instanceof Fault, String(reason));
    t.regex((reason as Fault).message, /^the repository cannot be read: fatal: /);
  }
  t.is((await objects.read(good))?.content.toString('utf8'), 'good');
});

test('only the beginning of an object above the size limit is kept, and the next one is complete', async (t) => {
  const sizes = [1, 2, 3].map((more) => maxFileBytes + more);
  const large = sizes.map((size) => Buffer.alloc(size, `${'0'.repeat(40)} missing\n`));
  const ids: string[] = [];
  for (const input of [...large, 'next'])
    ids.push((await git(root, ['hash-object', '-w', '--stdin'], { input })).trim());
  using objects = open(environment);
  const read = await Promise.all(ids.map((id) => objects.read(id)));
  const start = Buffer.alloc(maxFileBytes + 1, `${'0'.repeat(40)} missing\n`);
  for (const [i, content] of [start, start, start, Buffer.from('next')].entries())
    assertBlob(t, read[i], ids[i] ?? '', content);
});

test('a missing git is reported', async (t) => {
  using objects = open({ PATH: '/nowhere' });
  const fault = await t.throwsAsync(objects.read('f'.repeat(40)), { instanceOf: Fault });
  t.regex(fault?.message ?? '', /^git is not installed, or not in PATH$/);
});
