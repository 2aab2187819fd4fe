/** Flags → request and ports; outcome → output: the same for every command that edits a model. */
import { resolve } from 'node:path';
import type { EditPorts, EditRequest } from '../../commands/edit/plan.ts';
import type { EditOutcome } from '../../core/edit/outcome.ts';
import { toExitCode } from '../../core/edit/outcome.ts';
import { isLink, replaceFile } from '../../io/files/edited-file.ts';
import { findRepository, openFolderTree } from '../../io/files/folder-tree.ts';
import { GitClone } from '../../io/git-cli/clone.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toDiffText } from '../../output/diff-text.ts';
import { toChangeLines } from '../../output/words/change.ts';
import { toEditLines, toMessage, toShareQuestion, toSubject } from '../../output/words/edit.ts';
import type { EditWording } from '../../output/words/edit-note.ts';
import { toNoteLines } from '../../output/words/edit-note.ts';
import { toReasonText } from '../../output/words/gate.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toLinePlace } from '../flags/line-place.ts';
import { toCommandFlags } from '../flags/model-flags.ts';
import { toFolderPlaces, toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { toGit } from '../user-git.ts';
import type { EditFlags } from './flags.ts';

/** @returns the exit code. */
export async function runEdit(
  name: string,
  flags: EditFlags,
  host: Host,
  edit: (request: EditRequest, ports: EditPorts) => Promise<EditOutcome>,
): Promise<number> {
  const places = toModelPlaces(name, toOwnPlaces(flags, host), flags);
  const { dryRun = false, commit = false, branch, push = false } = flags;
  const request = { name, cluster: toClusterName(flags.cluster), dryRun, commit, branch, push };
  let root = places.repository;
  const openClone = (folder: string) => {
    const found = findRepository(resolve(places.repository, folder));
    if (found === undefined) return undefined;
    root = found;
    return new GitClone(toGit(found, host), places);
  };
  const outcome = await edit(request, { ...toFilePorts(places, host), openClone });
  const place = toLinePlace(root, places.repository, host);
  show(outcome, { toPath: places.toShownPath, place, flags: toCommandFlags(flags) }, host);
  return toExitCode(outcome);
}

function toFilePorts(places: Places, { terminal, now }: Host): Omit<EditPorts, 'openClone'> {
  const toAbsolute = (file: string) => resolve(places.repository, file);
  return {
    files: {
      openTree: (folder) => openFolderTree(folder === undefined ? places : toFolderPlaces(places, folder)),
      isLink: (file) => isLink(toAbsolute(file)),
      write: (file, before, after) => replaceFile(toAbsolute(file), before, after),
    },
    names: places,
    words: { toSubject, toMessage, toReasonText },
    now: now ?? systemClock.date,
    confirm: async (share) =>
      terminal === undefined || (await import('./confirm.ts')).confirmOn(terminal, toShareQuestion(share)),
  };
}

function show(outcome: EditOutcome, wording: EditWording, host: Host): void {
  const { toPath } = wording;
  const lines = toEditLines(outcome, wording);
  if (outcome.code === 'refused') showProblems(outcome.problems, host, 2, toPath);
  if (outcome.code === 'edited') {
    const { file, before, after, notes, changes, warnings } = outcome.edit;
    const style = host.style(1);
    showProblems(warnings, host, 2, toPath);
    host.write(1, [
      toDiffText(toPath(file), before, after, style),
      '\n',
      ...[...toChangeLines(changes), ...notes.flatMap((note) => toNoteLines(note, wording))].map(
        (line) => `${style('cyan', line)}\n`,
      ),
    ]);
  }
  host.write(1, lines.out.map(toLine));
  host.write(2, lines.err.map(toLine));
}

function toLine(text: string): string {
  return `${text}\n`;
}
