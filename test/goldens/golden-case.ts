/**
 * Golden folders: `fixtures/<room>/<case>/` with what goes in (`input/`, and `run.json` where it is not
 * just `render`) and the exact bytes that come out (`expected/`).
 *
 * The name of a file in `expected/` says where the bytes came out, and so the exit code:
 * `stdout.txt` and `warnings.txt` 0, `problems.txt` 1, `usage.txt` 2, `environment.txt` 3. What is
 * empty has no file. The files that the case writes are in `expected/written/`.
 */
import { once } from 'node:events';
import fs, {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import git from 'isomorphic-git';
import { main } from '../../src/cli/main.ts';
import { plainStyle } from '../../src/output/style.ts';

export const fixtures = join(import.meta.dirname, '../../fixtures');

export interface GoldenCase {
  /** `rollout/no-candidate` */
  readonly name: string;
  readonly folder: string;
}

interface Run {
  /** Default `render`; `--repo-root .` is added where no root is named. */
  readonly words?: readonly string[];
  /** The working directory, below `input/`. */
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** False: leave `--repo-root` out. */
  readonly repository?: boolean;
  /**
   * Folders below `input/`, each the whole of a commit: the first on `main`, those that follow on
   * `feature`, which is checked out.
   */
  readonly commits?: readonly string[];
  /** A folder in `input/`: what is in the work tree, and is not committed. */
  readonly workTree?: string;
  /** Folders below `input/` that are repositories of their own: git would keep no `.git` of theirs. */
  readonly repositories?: readonly string[];
  /** A file in `input/`: what a watcher answers with, whatever it is asked. Its address is added as `--watcher`. */
  readonly watcher?: { readonly status: number; readonly file: string };
  /** Files to lengthen to so many bytes, too large to keep in git. */
  readonly grow?: Readonly<Record<string, number>>;
}

const modelCommands = [
  'init',
  'render',
  'validate',
  'candidate',
  'mirror',
  'brake',
  'promote',
  'discard',
  'explain',
  'status',
];

/** What a case gives, by the name of the file in `expected/`. */
export type Output = ReadonlyMap<string, string>;

export function findGoldenCases(): GoldenCase[] {
  const folders = (folder: string) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  const rooms = folders(fixtures).filter((room) => !room.endsWith('recordings'));
  return rooms.flatMap((room) =>
    folders(join(fixtures, room)).map((name) => ({ name: `${room}/${name}`, folder: join(fixtures, room, name) })),
  );
}

export function readExpected({ folder }: GoldenCase): Output {
  return readTexts(join(folder, 'expected'));
}

/** Node's own recursive option follows links, round a circle of them until the system says ELOOP (nodejs/node#52663). */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : entry.isFile() ? [path] : [];
  });
}

/** Every file below a folder, by its path from there. */
function readTexts(folder: string): Map<string, string> {
  const paths = listFiles(folder)
    .map((path) => relative(folder, path))
    // The schemas that init writes are those of `model-mirror schema`.
    .filter((path) => !/^\.(git|model-mirror)\//.test(path))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** Runs a case on a copy of its input, outside of any repository. */
export async function runGoldenCase({ folder }: GoldenCase): Promise<Output> {
  const run = readRun(folder);
  const watcher = run.watcher && (await startWatcher(run.watcher.status, join(folder, 'input', run.watcher.file)));
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-golden-')));
  try {
    if (run.commits === undefined) cpSync(join(folder, 'input'), copy, { recursive: true, verbatimSymlinks: true });
    else await makeRepository(copy, join(folder, 'input'), run.commits, run.workTree);
    for (const [file, bytes] of Object.entries(run.grow ?? {})) truncateSync(join(copy, file), bytes);
    for (const inner of run.repositories ?? []) mkdirSync(join(copy, inner, '.git'));
    const words = [...(run.words ?? ['render']), ...(watcher === undefined ? [] : ['--watcher', watcher.address])];
    const readsModels = words[0] !== undefined && modelCommands.includes(words[0]);
    const rooted = words.includes('--repo-root') || run.environment?.['ARGOCD_APP_SOURCE_PATH'] !== undefined;
    if (readsModels && !rooted && run.repository !== false) words.push('--repo-root', '.');
    const workingDirectory = join(copy, run.directory ?? '.');
    mkdirSync(workingDirectory, { recursive: true });
    const before = readTexts(copy);
    const written = { 1: '', 2: '' };
    const code = await main(words, {
      version: '0.0.0',
      workingDirectory,
      program: ['model-mirror.cjs'],
      environment: run.environment ?? {},
      write: (descriptor, texts) => {
        for (const text of texts) written[descriptor] += text;
      },
      isTerminal: () => false,
      now: () => 1_700_100_000,
      size: () => undefined,
      style: () => plainStyle,
    });
    const hide = (text: string) =>
      text.replaceAll(copy, '<repository>').replaceAll(watcher?.address ?? copy, '<watcher>');
    const output = new Map(toOutput(code, hide(written[1]), hide(written[2])));
    for (const [path, text] of readTexts(copy)) if (before.get(path) !== text) output.set(`written/${path}`, text);
    return output;
  } finally {
    rmSync(copy, { recursive: true, force: true });
    watcher?.close();
  }
}

async function startWatcher(status: number, file: string) {
  const server = createServer((_, response) => {
    response.writeHead(status, { connection: 'close' }).end(readFileSync(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** The same commits each time, to the last letter of their ids. */
async function makeRepository(
  dir: string,
  input: string,
  commits: readonly string[],
  workTree: string | undefined,
): Promise<void> {
  await git.init({ fs, dir, defaultBranch: 'main' });
  for (const [i, message] of commits.entries()) {
    if (i === 1) await git.branch({ fs, dir, ref: 'feature', checkout: true });
    const tree = await writeTree(dir, join(input, message));
    const author = { name: 'Ada', email: 'ada@example.com', timestamp: 1_700_000_000 + i * 3600, timezoneOffset: 0 };
    await git.commit({ fs, dir, message, tree, author, committer: author });
  }
  layOut(dir, join(input, workTree ?? commits.at(-1) ?? ''));
  if (workTree === undefined) await git.add({ fs, dir, filepath: '.' });
}

/** @returns the id of a folder as git has it; an absent one is empty. */
async function writeTree(dir: string, folder: string): Promise<string> {
  const entries = fs.existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const tree = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory()
        ? { mode: '040000', path: entry.name, type: 'tree' as const, oid: await writeTree(dir, path) }
        : {
            mode: '100644',
            path: entry.name,
            type: 'blob' as const,
            oid: await git.writeBlob({ fs, dir, blob: readFileSync(path) }),
          };
    }),
  );
  return git.writeTree({ fs, dir, tree });
}

function layOut(dir: string, from: string): void {
  for (const name of readdirSync(dir)) if (name !== '.git') rmSync(join(dir, name), { recursive: true });
  if (fs.existsSync(from)) cpSync(from, dir, { recursive: true, verbatimSymlinks: true });
}

const errorFiles: Readonly<Record<number, string>> = {
  0: 'warnings.txt',
  1: 'problems.txt',
  2: 'usage.txt',
  3: 'environment.txt',
};

function toOutput(code: number, stdout: string, stderr: string): Output {
  const output = new Map<string, string>();
  if (stderr !== '') output.set(errorFiles[code] ?? `exit-${code}.txt`, stderr);
  // A command whose report goes to stdout still says by the file's name how it ended.
  if (stdout !== '') output.set(code === 0 ? 'stdout.txt' : `stdout-exit-${code}.txt`, stdout);
  if (stdout === '' && stderr === '') output.set(`nothing-exit-${code}.txt`, '');
  return new Map([...output].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readRun(folder: string): Run {
  const hasRun = readdirSync(folder).includes('run.json');
  return hasRun ? (JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Run) : {};
}
