/**
 * In every kind of clone, what is committed is what `git commit --only` commits, and nothing else changes: the same
 * clone is kept, the same text is written there, and git itself commits it. Where git refuses, all is as it was.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runInProcess } from '../in-process.ts';
import type { Clone, Look } from './bench.ts';
import { check, compare, keep, look, makeClone, restore } from './bench.ts';
import { brake } from './edits.ts';
import type { Edit, Kind } from './kind.ts';

/** A test of each kind. */
export function testCommits(kinds: readonly (readonly [name: string, kind: Kind])[]): void {
  for (const [name, kind] of kinds) test.serial(`commit: ${name}`, (t) => tryCommit(t, kind));
}

/** A test of each kind that what is only shown leaves everything as it is. */
export function testDryRuns(kinds: Readonly<Record<string, Kind>>): void {
  for (const [name, kind] of Object.entries(kinds))
    test.serial(`dry run: ${name}`, async (t) => {
      const clone = makeClone(t, kind);
      if (clone === undefined) return;
      const before = look(clone);
      const { words } = kind.edit ?? brake;
      const { code, out, err } = await runInProcess(clone.folder, clone.environment, [...words, '--dry-run']);
      t.is(code, 0, err);
      t.regex(out, /^Nothing is written or committed, because of --dry-run\.$/m);
      t.deepEqual(compare(look(clone), before), {});
    });
}

async function tryCommit(t: ExecutionContext, kind: Kind): Promise<void> {
  const clone = makeClone(t, kind);
  if (clone === undefined) return;
  keep(clone);
  const { edit = brake, refused, declined } = kind;
  const canCommit = refused === undefined && declined === undefined;
  const before = canCommit ? undefined : look(clone);
  const ours = await runInProcess(join(clone.around, kind.from ?? kind.at ?? 'clone'), clone.environment, edit.words);
  stopProcesses(kind, clone);
  const after = look(clone);
  const body = edit.body === undefined ? '' : readBody(clone);
  t.regex(body, edit.body ?? /^$/);
  if (canCommit) t.is(check(clone), '');
  restore(clone);
  if (before !== undefined) {
    t.not(ours.code, 0, ours.out);
    t.regex(ours.err, declined ?? refused ?? /^$/);
    t.regex(ours.err, /^model-mirror: |\[[a-z-]+\]/, 'no stack');
    t.notRegex(ours.err, /[^\n -~\u00a0-\uffff]/, 'nothing that a terminal obeys');
    t.deepEqual(compare(toKept(after), toKept(before)), {});
  }
  if (!canCommit && refused === undefined) return;
  const git = commit(edit, body, clone);
  stopProcesses(kind, clone);
  const wanted = look(clone);
  if (refused !== undefined) {
    t.not(git.code, 0);
    t.regex(git.said, refused);
    t.deepEqual(toTraces(after), toTraces(wanted));
    return;
  }
  t.is(git.code, 0, git.said);
  t.is(ours.code, 0, ours.err);
  t.deepEqual(compare(after, wanted), {});
  t.regex(after.git['status'] ?? '', /^# branch\.oid [0-9a-f]{40,}$/m);
  t.false(after.git['status']?.includes(git.head), 'something is committed');
}

interface Done {
  readonly code: number;
  readonly said: string;
  /** Before it commits. */
  readonly head: string;
}

/** Of the last commit's message: what depends on the time of day. */
function readBody({ folder, gitEnvironment }: Clone): string {
  return execFileSync('git', ['log', '-1', '--format=%b'], {
    cwd: folder,
    env: gitEnvironment,
    encoding: 'utf8',
  }).trimStart();
}

/** What git does by itself. */
function commit(
  { path, toText, isNew = false, subject, first = '', last = '' }: Edit,
  body: string,
  { folder, around, gitEnvironment }: Clone,
): Done {
  const file = join(folder, path);
  writeFileSync(file, toText(existsSync(file) ? readFileSync(file, 'utf8') : undefined));
  const pathspec = /^:|[[*?\\]/.test(path) ? `:(top,literal)${path}` : path;
  const log = join(around, '../log');
  const script = `
exec >"$log" 2>&1 </dev/null
git rev-parse HEAD
${first || ':'} || exit
${isNew ? 'git add --force -- "$pathspec"' : ':'} || exit
git commit --quiet --only -m "$message" -- "$pathspec" || exit
${last}`;
  const { status } = spawnSync('sh', ['-c', script], {
    cwd: folder,
    env: { ...gitEnvironment, log, pathspec, message: body === '' ? subject : `${subject}\n\n${body}` },
  });
  const said = readFileSync(log, 'utf8');
  return { code: status ?? 128, said, head: /^[0-9a-f]{40,}$/m.exec(said)?.[0] ?? '' };
}

/** What a refusal leaves as it was: objects that nothing needs are git's own, and what was to become the message. */
function toKept({ files, git }: Look): Look {
  const isKept = (path: string) => !/(^|\/)(objects\/..\/.*|COMMIT_EDITMSG)$|^trace$/.test(path);
  return { files: Object.fromEntries(Object.entries(files).filter(([path]) => isKept(path))), git };
}

/** What hooks have seen. */
function toTraces({ files }: Look): unknown {
  return Object.entries(files).filter(([path]) => /(^|\/)COMMIT_EDITMSG$|^trace$/.test(path));
}

function stopProcesses({ isLeavingProcess = false }: Kind, { around }: Clone): void {
  if (isLeavingProcess) writeFileSync(join(around, 'stop'), '');
}
