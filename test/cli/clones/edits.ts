/** What is typed in the clones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edit } from './kind.ts';
import { model, policy } from './kind.ts';

const promoted = join(import.meta.dirname, '../../../fixtures/edit/promote/expected/written', model);

export const brake: Edit = {
  words: ['mirror', 'wisdom', '0', '--commit'],
  path: policy,
  toText: (before = '') => before.replace(/mirrorPercentage: \d+/, 'mirrorPercentage: 0'),
  subject: 'wisdom: mirror 0 %',
};

export const brakeOnBranch: Edit = {
  ...brake,
  words: ['mirror', 'wisdom', '0', '--branch', 'brake'],
  first: 'git switch --quiet --create brake',
};

/** Of a model that has no policy of its own. */
export const newPolicy: Edit = {
  words: ['mirror', 'wisdom', '5', '--here', '--commit'],
  path: policy,
  toText: () =>
    'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata:\n  name: wisdom\nspec:\n  mirrorPercentage: 5\n',
  isNew: true,
  subject: 'wisdom: mirror 5 %',
};

export const newPolicyOnBranch: Edit = {
  ...newPolicy,
  words: ['mirror', 'wisdom', '5', '--here', '--branch', 'brake'],
  first: 'git switch --quiet --create brake',
};

export const promotion: Edit = {
  words: ['promote', 'wisdom', '--commit'],
  path: model,
  toText: () => readFileSync(promoted, 'utf8'),
  subject: 'wisdom: promote v2',
  body: /^v2 was mirrored for \d+ d .*\n+$/,
};

export const candidate: Edit = {
  words: ['candidate', 'set', 'wisdom', '--version', 'v3', '--storage-uri', 's3://models/wisdom-3', '--commit'],
  path: model,
  toText: (before = '') =>
    before.replace('version: v2', 'version: v3').replace('s3://models/wisdom-2', 's3://models/wisdom-3'),
  subject: 'wisdom: change v3',
};

export const discarding: Edit = {
  words: ['discard', 'wisdom', '--commit'],
  path: model,
  toText: (before = '') => before.replace(/ {2}candidate:.*\n(.*\n)+/, ''),
  subject: 'wisdom: discard v2',
};
