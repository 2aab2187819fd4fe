/** The next commands of git as one line to copy, whatever is in the names. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { GitCommand, GitStep } from '../../core/edit/git-steps.ts';
import { toShellWord } from '../shell-word.ts';
import { toFileList } from './files.ts';

/** Where lines are typed. */
export interface LinePlace {
  /** Of the work tree, for `git -C`; undefined: git finds it from the working directory. */
  readonly folder: string | undefined;
  /** From the repository's root to what git takes there. */
  readonly toPath: (file: string) => string;
}

/** Commands that run one after the other. */
export function toGitLine(commands: readonly GitCommand[], { folder, toPath }: LinePlace): SafeText {
  const lines = commands.map(({ words, files = [], takesPatterns = true, opensEditor = false }) => {
    const at = folder === undefined ? [] : ['-C', toFolderWord(folder)];
    const named = files.map(toPath).map((path) => (takesPatterns ? toPathspec(path) : toPlainPath(path)));
    const line = ['git', ...at, ...words, ...named].map((word) => mask(toShellWord(word)));
    return safe`${opensEditor ? 'GIT_EDITOR=true ' : ''}${join(line, ' ')}`;
  });
  return join(lines, ' && ');
}

/** The line, or why there is none: a clause without its full stop. */
export function toStepText(step: GitStep, place: LinePlace): SafeText {
  switch (step.code) {
    case 'run':
      return toGitLine(step.commands, place);
    case 'no-branch':
      return safe`no branch is checked out`;
    case 'no-remote':
      return safe`there is no remote to push to yet`;
    case 'unfinished':
      return safe`a ${step.kind} is not finished here: resolve the conflicts in ${toFileList(step.conflicts)} first`;
  }
}

/** A line of output: `Next: git push`, or a sentence. */
export function toNextLine(step: GitStep, place: LinePlace): SafeText {
  const text = toStepText(step, place);
  return step.code === 'run' ? safe`Next: ${text}` : safe`${mask(text.slice(0, 1).toUpperCase() + text.slice(1))}.`;
}

/** A path where git takes patterns (gitglossary(7), "pathspec"). */
function toPathspec(path: string): string {
  if (/[*?[\\]/.test(path)) return `:(literal)${path}`;
  return /^[-:]/.test(path) ? `./${path}` : path;
}

function toPlainPath(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}

/** The shell would cut off a line end at its end. */
function toFolderWord(folder: string): string {
  const name = toPlainPath(folder);
  return name.endsWith('\n') ? `${name}/` : name;
}
