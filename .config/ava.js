/** The settings of ava in package.json, and the order of the test files: long ones start first. */
import { readFileSync } from 'node:fs';

const { ava } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const slow = [
  'watch/crash',
  'watch/soak',
  'watch/watch',
  'core/observe/simulation',
  'io/git/branch',
  'core/manifests/patches',
  'core/edit/',
  'core/render/',
  'docs/tutorial',
  'docs/readme',
  'cli/',
  'io/',
];

function toRank(file) {
  const at = slow.findIndex((part) => file.includes(`/test/${part}`));
  return at === -1 ? slow.length : at;
}

export default {
  ...ava,
  sortTestFiles: (a, b) => toRank(a) - toRank(b) || (a < b ? -1 : 1),
};
