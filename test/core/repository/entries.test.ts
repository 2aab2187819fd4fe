import test from 'ava';
import { toFileRole } from '../../../src/core/input/file-role.ts';
import type { EntryKind } from '../../../src/core/repository/entries.ts';
import { decideEntry } from '../../../src/core/repository/entries.ts';

/** What is done with an entry; a problem by its severity and code. */
function decide(name: string, kind: EntryKind, isAbove = false): string {
  const decided = decideEntry({ name, kind }, toFileRole(name), isAbove);
  return typeof decided === 'string' ? decided : `${decided.severity} ${decided.code}`;
}

const cases: readonly (readonly [name: string, kind: EntryKind, below: string, above: string])[] = [
  ['model.yaml', 'file', 'file', 'nothing'],
  ['policy.yaml', 'file', 'file', 'file'],
  ['x.policy.yml', 'file', 'file', 'file'],
  ['status.yaml', 'file', 'file', 'nothing'],
  ['README.md', 'file', 'nothing', 'nothing'],
  ['a', 'folder', 'folder', 'nothing'],
  ['.git', 'folder', 'nothing', 'nothing'],
  ['.hidden.model.yaml', 'file', 'nothing', 'nothing'],
  ['node_modules', 'folder', 'nothing', 'nothing'],
  ['a', 'link', 'link', 'nothing'],
  ['policy.yaml', 'link', 'link', 'link'],
  ['vendor', 'submodule', 'warning submodule', 'nothing'],
  ['model.yaml', 'other', 'error file-unreadable', 'nothing'],
  ['policy.yaml', 'other', 'error file-unreadable', 'error file-unreadable'],
  ['socket', 'other', 'nothing', 'nothing'],
  // What is left of bytes that are not UTF-8.
  ['\ufffd.model.yaml', 'file', 'error file-name', 'nothing'],
  ['\ufffd.policy.yaml', 'file', 'error file-name', 'error file-name'],
  ['\ufffd.status.yaml', 'file', 'nothing', 'nothing'],
  ['\ufffd', 'folder', 'warning file-name', 'nothing'],
  ['\ufffd', 'file', 'nothing', 'nothing'],
];

for (const [name, kind, below, above] of cases)
  test(`${kind} ${JSON.stringify(name)}: ${below}, and above the folder ${above}`, (t) => {
    t.is(decide(name, kind), below);
    t.is(decide(name, kind, true), above);
  });
