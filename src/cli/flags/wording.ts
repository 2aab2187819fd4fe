import { relative, resolve } from 'node:path';
import { findRepository } from '../../io/files/folder-tree.ts';
import { toShellPath, toShellWord } from '../../output/shell-word.ts';
import type { Wording } from '../../output/words/wording.ts';
import type { Host } from '../host.ts';
import { toLinePlace } from './line-place.ts';
import type { ModelFlags } from './model-flags.ts';
import { toCommandFlags } from './model-flags.ts';
import type { Places } from './places.ts';

/** Whether `status` looks at the cluster, and at which. */
export interface LookFlags {
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Programs get paths from the repository's root; people get what they can open and run. */
export function toWording(
  flags: ModelFlags & LookFlags,
  { repository, folder, toShownPath }: Places,
  host: Pick<Host, 'workingDirectory'>,
): Wording {
  const place = toLinePlace(findRepository(folder) ?? repository, repository, host);
  if (flags.output === 'json')
    return {
      toPath: (file) => file,
      toWord: toShellPath,
      place,
      flags: '',
      look: flags.live === true ? ' --live' : ' --fetch',
    };
  return {
    toPath: toShownPath,
    toWord: (file) => toShellPath(relative(host.workingDirectory, resolve(repository, file))),
    place,
    flags: toCommandFlags(flags),
    look: toLookFlags(flags),
  };
}

function toLookFlags({ live, kubeconfig, context, repoRoot }: ModelFlags & LookFlags): string {
  if (live !== true) return repoRoot === undefined ? ' --fetch' : '';
  return [
    ' --live',
    kubeconfig === undefined ? '' : ` --kubeconfig ${toShellPath(kubeconfig)}`,
    context === undefined ? '' : ` --context ${toShellWord(context)}`,
  ].join('');
}
