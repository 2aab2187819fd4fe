/** Flags → the use case and its ports; its outcome → output. */
import { relative, resolve, sep } from 'node:path';
import type { InitPorts } from '../../commands/init.ts';
import { init } from '../../commands/init.ts';
import type { NewFile } from '../../core/adopt/outcome.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { isFilePresent, toFutureFolder } from '../../io/files/edited-file.ts';
import { findRepository, openFolderTree } from '../../io/files/folder-tree.ts';
import { putFiles } from '../../io/files/put-files.ts';
import { readSource, readStandardInput } from '../../io/files/source-file.ts';
import { GitClone } from '../../io/git-cli/clone.ts';
import { Git } from '../../io/git-cli/git.ts';
import { toDiffText } from '../../output/diff-text.ts';
import { toSchemaText } from '../../output/editor-schema/editor-schema.ts';
import { toSubject } from '../../output/words/edit.ts';
import { toInitNoteLines, toWrittenLines } from '../../output/words/init.ts';
import { toLinePlace } from '../flags/line-place.ts';
import { toOwnPlaces } from '../flags/model-places.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { readClusterService, readPlainService } from './cluster-service.ts';
import type { InitFlags } from './flags.ts';
import { askFor } from './questions.ts';

/** @returns the exit code. */
export async function runInit(name: string | undefined, flags: InitFlags, host: Host): Promise<number> {
  const { namespace, mode, format, version, storageUri, secretKey, serviceAccount, percentage } = flags;
  const { from, fromCluster, fromIter8, dir, dryRun = false } = flags;
  const places = toOwnPlaces({ ...flags, path: '.' }, host);
  const answers = { name, namespace, mode, format, version, storageUri, secretKey, serviceAccount, percentage };
  const root = findRepository(places.repository);
  const clone = root === undefined ? undefined : new GitClone(new Git(root, host), places);
  const outcome = await init(
    { ...answers, from, fromCluster, fromIter8, dir, dryRun },
    { ...toPorts(places, flags, host), clone, toSubject },
  );
  const { toShownPath: toPath } = places;
  const style = host.style(1);
  const showFiles = (files: readonly NewFile[]) =>
    host.write(
      1,
      files.map(({ path, text }) => `${toDiffText(toPath(path), undefined, text, style)}\n`),
    );
  if (outcome.code !== 'made') {
    const files = outcome.code === 'refused' ? outcome.files : [];
    if (dryRun) showFiles(files);
    showProblems(outcome.problems, host, 2, outcome.code === 'refused' ? toPath : mask);
    const why = files.length === 0 ? '' : '; the positions are those in the new files: --dry-run shows them';
    host.write(2, [`nothing was written${why}\n`]);
    return exitCodes.problems;
  }
  const { files, notes, warnings, written } = outcome;
  showFiles(files);
  const place = toLinePlace(root ?? places.repository, places.repository, host);
  host.write(1, [
    ...notes.flatMap((note) => toInitNoteLines(note, toPath)).map((line) => `${style('cyan', line)}\n`),
    ...toWrittenLines(files, written, { toPath, place }).map((line) => `${line}\n`),
  ]);
  showProblems(warnings, host, 2, toPath);
  return exitCodes.fine;
}

function toPorts(places: Places, flags: InitFlags, host: Host): Omit<InitPorts, 'clone' | 'toSubject'> {
  const { workingDirectory, terminal } = host;
  const toAbsolute = (path: string) => resolve(places.repository, path);
  return {
    readFile: (path) => (path === '-' ? readStandardInput() : readSource(resolve(workingDirectory, path), path)),
    readService: (namespace, name) => readClusterService(namespace, name, flags, host),
    readPlainService: (namespace, name) => readPlainService(namespace, name, flags, host),
    ask: terminal && ((answers) => askFor(answers, terminal)),
    findFolder: (dir, model) => {
      const shown = dir ?? (isFilePresent(resolve(workingDirectory, 'models')) ? `models/${model}` : model);
      const real = toFutureFolder(resolve(workingDirectory, shown));
      const folder = relative(places.repository, real).split(sep).join('/') || '.';
      if (folder === '..' || folder.startsWith('../'))
        throw new Fault(
          'usage',
          safe`${quote(shown)} is not in the repository ${mask(places.repository)}`,
          safe`correct --dir`,
        );
      return folder;
    },
    openTree: () => openFolderTree({ ...places, folder: places.root }),
    isPresent: (path) => isFilePresent(toAbsolute(path)),
    write: (files) => putFiles(files.map(({ path, text }) => ({ path: toAbsolute(path), text }))),
    toSchemaText,
  };
}
