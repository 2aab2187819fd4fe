/** Flags → the use case and its ports; its outcome → output. */
import { relative, resolve, sep } from 'node:path';
import type { ModelAnswers } from '../../commands/init/model.ts';
import type { InitPorts, InitPreview, InitRequest } from '../../commands/init.ts';
import { init } from '../../commands/init.ts';
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
import { toInitLine, toInitNoteLines, toWrittenLines } from '../../output/words/init.ts';
import { toLinePlace } from '../flags/line-place.ts';
import { toOwnPlaces } from '../flags/model-places.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { confirmWriting } from './asker.ts';
import { readClusterService, readPlainService, recognizeInCluster } from './cluster-service.ts';
import type { InitFlags } from './flags.ts';
import { askFor } from './questions.ts';

/** @returns the exit code. */
export async function runInit(name: string | undefined, flags: InitFlags, host: Host): Promise<number> {
  const places = toOwnPlaces({ ...flags, path: '.' }, host);
  const root = findRepository(places.repository);
  const clone = root === undefined ? undefined : new GitClone(new Git(root, host), places);
  const { toShownPath: toPath } = places;
  const show = toShow(places, host);
  const { ask, ...ports } = toPorts(places, flags, host);
  let asked: ModelAnswers | undefined;
  try {
    const outcome = await init(toRequest(name, flags), {
      ...ports,
      ask:
        ask &&
        (async (answers) => {
          asked = await ask(answers);
          return asked;
        }),
      confirm: async (preview) => {
        show(preview);
        return host.terminal === undefined || confirmWriting(host.terminal);
      },
      clone,
      toSubject,
    });
    if (outcome.code === 'made') {
      if (!outcome.wasShown) show(outcome);
      const place = toLinePlace(root ?? places.repository, places.repository, host);
      const lines = toWrittenLines(outcome.files, outcome.written, { toPath, place });
      host.write(
        1,
        lines.map((line) => `${line}\n`),
      );
      showProblems(outcome.warnings, host, 2, toPath);
      return exitCodes.fine;
    }
    if (outcome.code === 'declined') {
      host.write(2, ['nothing was written\n', ...toAgainLines(asked)]);
      return exitCodes.problems;
    }
    const files = outcome.code === 'refused' ? outcome.files : [];
    if (flags.dryRun) show({ files, notes: [] });
    showProblems(outcome.problems, host, 2, outcome.code === 'refused' ? toPath : mask);
    const why = files.length === 0 ? '' : '; the positions are those in the new files: --dry-run shows them';
    host.write(2, [`nothing was written${why}\n`, ...toAgainLines(asked)]);
    return exitCodes.problems;
  } catch (error) {
    host.write(2, toAgainLines(asked));
    throw error;
  }
}

function toRequest(name: string | undefined, flags: InitFlags): InitRequest {
  const { namespace, mode, format, version, storageUri, storageKey, storagePath, secretKey, serviceAccount } = flags;
  const { protocol, resources, percentage, from, fromCluster, fromIter8, dir, dryRun = false } = flags;
  return {
    ...{ name, namespace, mode, format, version, storageUri, storageKey, storagePath, secretKey, serviceAccount },
    ...{ protocol, resources, percentage, from, fromCluster, fromIter8, dir, dryRun },
  };
}

/** Nobody should have to answer twice. */
function toAgainLines(asked: ModelAnswers | undefined): string[] {
  return asked === undefined ? [] : [`the same answers again: ${toInitLine(asked)}\n`];
}

function toShow({ toShownPath }: Places, host: Host): (preview: InitPreview) => void {
  const style = host.style(1);
  return ({ files, notes }) =>
    host.write(1, [
      ...files.map(({ path, text }) => `${toDiffText(toShownPath(path), undefined, text, style)}\n`),
      ...notes.flatMap((note) => toInitNoteLines(note, toShownPath)).map((line) => `${style('cyan', line)}\n`),
    ]);
}

type OuterPorts = Omit<InitPorts, 'clone' | 'toSubject' | 'confirm'>;

function toPorts(places: Places, flags: InitFlags, host: Host): OuterPorts {
  const { workingDirectory, terminal } = host;
  const toAbsolute = (path: string) => resolve(places.repository, path);
  const findFolder = (dir: string | undefined, model: string) => {
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
  };
  const recognize = (namespace: string) => recognizeInCluster(namespace, flags, host);
  const findTaken = (model: string) =>
    ['model.yaml', 'policy.yaml']
      .map((file) => `${findFolder(flags.dir, model)}/${file}`)
      .find((path) => isFilePresent(toAbsolute(path)));
  return {
    readFile: (path) => (path === '-' ? readStandardInput() : readSource(resolve(workingDirectory, path), path)),
    readService: (namespace, name) => readClusterService(namespace, name, flags, host),
    readPlainService: (namespace, name) => readPlainService(namespace, name, flags, host),
    ask: terminal && !flags.yes ? (answers) => askFor(answers, terminal, { findTaken, recognize }) : undefined,
    recognize,
    findFolder,
    openTree: () => openFolderTree({ ...places, folder: places.root }),
    isPresent: (path) => isFilePresent(toAbsolute(path)),
    write: (files) => putFiles(files.map(({ path, text }) => ({ path: toAbsolute(path), text }))),
    toSchemaText,
  };
}
