/** What holds a rollout back, and is itself changed: limits, gates, and the files that only the watcher writes. */

import { compareText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, safe } from '../diagnostics/safe-text.ts';
import { toFileRole } from '../input/file-role.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import { parsePolicy, parseStatus } from '../input/parse-document.ts';
import type { MirrorPolicy } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import type { Risk } from './risk.ts';

/** Sorted by path. Of files that cannot be read nothing is said here: that is a problem of its own. */
export function findGuardrailRisks(before: FolderTree, after: FolderTree): Risk[] {
  const old = readFiles(before);
  const now = readFiles(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  // A folder that moves takes its status file along as it is.
  const left = new Set([...old].filter(([path]) => !now.has(path)).map(([, { text }]) => text));
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    const place = is ?? was;
    if (place === undefined || toLf(was) === toLf(is)) return [];
    return toFileRole(path.slice(path.lastIndexOf('/') + 1))?.kind === 'MirrorPolicy'
      ? compareGuardrails(place, toPolicy(was), toPolicy(is))
      : was === undefined && left.has(place.text)
        ? []
        : compareStatus(place, was, is);
  });
}

/** Git may have a file with LF, and the work tree with CRLF. */
function toLf(source: SourceFile | undefined): string | undefined {
  return source?.text.replaceAll('\r\n', '\n');
}

function readFiles(tree: FolderTree): Map<string, SourceFile> {
  const files = new Map<string, SourceFile>();
  for (const file of tree.files) {
    const kind = toFileRole(file.name)?.kind;
    if (kind !== 'MirrorPolicy' && kind !== 'ModelStatus') continue;
    const source = tree.read(file);
    if (!('code' in source)) files.set(file.path, source);
  }
  return files;
}

function toPolicy(source: SourceFile | undefined): MirrorPolicy['spec'] {
  return (source === undefined ? undefined : parsePolicy(source).value)?.spec ?? {};
}

const fields = [['limits', 'maxMirrorPercentage'], ['limits', 'storageUriPrefixes'], ['gate']] as const;

function compareGuardrails(place: SourceFile, before: MirrorPolicy['spec'], after: MirrorPolicy['spec']): Risk[] {
  return fields.flatMap((path) => {
    const read = (spec: MirrorPolicy['spec']) =>
      toValueText(path.length === 1 ? (spec.gate ?? 'Status') : spec.limits?.[path[1]]);
    const [was, is] = [read(before), read(after)];
    if (was === is) return [];
    return [
      {
        ...locate(place, ['spec', ...path]),
        code: 'guardrail-touched' as const,
        model: undefined,
        message: safe`${join(path, '.')} changes from ${was} to ${is}, for every model that this policy applies to`,
        hint: safe`have it reviewed by those who set it`,
      },
    ];
  });
}

function toValueText(value: unknown): SafeText {
  if (value === undefined) return safe`nothing`;
  return mask(Array.isArray(value) ? value.join(', ') : String(value));
}

/** A file that goes with its model is no risk; one that comes can open a mirror only if it says Ready. */
function compareStatus(place: SourceFile, before: SourceFile | undefined, after: SourceFile | undefined): Risk[] {
  if (after === undefined) return [];
  if (before === undefined && parseStatus(after).value?.status.candidate?.state !== 'Ready') return [];
  return [
    {
      ...locate(place, []),
      code: 'status-edited',
      model: undefined,
      message: safe`this file, which records the observed state of the cluster, is edited by hand: that can open a mirror`,
      hint: safe`leave it to the watcher; a merge of the default branch brings what it wrote`,
    },
  ];
}
