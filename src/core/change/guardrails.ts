/** Changes to what restrains rollouts: limits, gates, and the files that only the watcher writes. */

import { compareText } from '../diagnostics/problem.ts';
import { toFileRole, toStatusCluster, toStatusName } from '../input/file-role.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import { toName } from '../input/folder-tree.ts';
import { parsePolicy, parseStatus } from '../input/parse-document.ts';
import type { MirrorPolicy } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import type { GuardrailField, GuardrailValue, Risk } from './risk.ts';
import { guardrailFields } from './risk.ts';

/** Sorted by path. Files that cannot be read are left out: each is a problem. */
export function findGuardrailRisks(before: FolderTree, after: FolderTree): Risk[] {
  const old = readFiles(before);
  const now = readFiles(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  // A folder that is moved takes its status file along unchanged.
  const left = new Set([...old].filter(([path]) => !now.has(path)).map(([, { text }]) => text));
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    const place = is ?? was;
    if (place === undefined || toLf(was) === toLf(is)) return [];
    return toFileRole(toName(path))?.kind === 'MirrorPolicy'
      ? compareGuardrails(place, toPolicy(was), toPolicy(is))
      : was === undefined && left.has(place.text)
        ? []
        : compareStatus(place, was, is, after);
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

function compareGuardrails(place: SourceFile, before: MirrorPolicy['spec'], after: MirrorPolicy['spec']): Risk[] {
  return guardrailFields.flatMap((field): Risk[] => {
    const [from, to] = [readGuardrail(before, field), readGuardrail(after, field)];
    if (from === to) return [];
    const finding = { code: 'guardrail-touched', field, from, to, cause: 'policy-edited' } as const;
    return [{ ...locate(place, ['spec', ...field.split('.')]), ...finding, model: undefined }];
  });
}

function readGuardrail({ gate = 'Status', limits }: MirrorPolicy['spec'], field: GuardrailField): GuardrailValue {
  switch (field) {
    case 'gate':
      return gate;
    case 'limits.maxMirrorPercentage':
      return limits?.maxMirrorPercentage?.toString();
    case 'limits.storageUriPrefixes':
      return limits?.storageUriPrefixes?.join(', ');
    case 'limits.requireAnalysis':
      return limits?.requireAnalysis?.toString();
    case 'limits.minMirrorTime':
      return limits?.minMirrorTime;
  }
}

/**
 * A file that is removed with its model is not a risk, or one without candidates; with one goes what was judged. A new one can
 * open a mirror only if it reports Ready.
 */
function compareStatus(
  place: SourceFile,
  before: SourceFile | undefined,
  after: SourceFile | undefined,
  tree: FolderTree,
): Risk[] {
  const edited: Risk = { ...locate(place, []), code: 'status-edited', model: undefined };
  if (after === undefined)
    return parseStatus(place).value?.status.candidates.length !== 0 && hasModel(tree, place.path) ? [edited] : [];
  const isReady = parseStatus(after).value?.status.candidates.some(({ state }) => state === 'Ready') === true;
  if (before === undefined && !isReady) return [];
  return [edited];
}

/** Whether a status file's model is there. */
function hasModel({ files }: FolderTree, path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const name = path.slice(folder.length);
  return files.some((file) => {
    const role = toFileRole(file.name);
    return (
      role?.kind === 'Model' &&
      file.path === `${folder}${file.name}` &&
      toStatusName(role.stem, toStatusCluster(name)) === name
    );
  });
}
