/**
 * The three kinds of file. Each schema validates the file, is its type, and is printed as JSON Schema by
 * `model-mirror schema`.
 */
import type * as v from 'valibot';
import { mirrorPolicySchema } from './mirror-policy-schema.ts';
import { modelSchema } from './model-schema.ts';
import { modelStatusSchema } from './model-status-schema.ts';

export type Model = v.InferOutput<typeof modelSchema>;
export type ModelVersion = Model['spec']['primary'];
export type { Protocol } from './model-schema.ts';
export type MirrorPolicy = v.InferOutput<typeof mirrorPolicySchema>;
export type Patch = NonNullable<MirrorPolicy['spec']['patches']>[number];
export type { CandidateStatus, ModelStatus, VersionStatus } from './model-status.ts';
export type { ModelState } from './model-status-schema.ts';

/** By kind, as written in the files. */
export const schemas = {
  Model: modelSchema,
  MirrorPolicy: mirrorPolicySchema,
  ModelStatus: modelStatusSchema,
} as const;

export type Kind = keyof typeof schemas;
