/** What was last observed of a model, in whichever form its status file has it. */
import type * as v from 'valibot';
import type { FieldPath } from '../diagnostics/problem.ts';
import type { modelStatusSchema } from './model-status-schema.ts';

type WrittenStatus = v.InferOutput<typeof modelStatusSchema>;

/** One version, as the status file has it. */
export type VersionStatus = NonNullable<WrittenStatus['status']['primary']>;
/** A candidate, or whatever else requests are mirrored to. */
export type CandidateStatus = NonNullable<WrittenStatus['status']['candidates']>[number];

export interface ModelStatus {
  readonly apiVersion: WrittenStatus['apiVersion'];
  readonly kind: WrittenStatus['kind'];
  readonly metadata: WrittenStatus['metadata'];
  readonly status: {
    readonly primary?: VersionStatus;
    /** Also what is not a declared candidate, as long as requests are mirrored to it. */
    readonly candidates: readonly CandidateStatus[];
  };
}

/**
 * No watcher writes a candidate twice, or both forms of one file, but a merge by hand can: a candidate that is Ready
 * in one of two places must not open a mirror.
 */
export function findTwice({
  candidates,
  candidate,
  mirror,
}: WrittenStatus['status']): { readonly path: FieldPath; readonly name: string } | undefined {
  if (candidates === undefined) return undefined;
  const old = candidate ? 'candidate' : mirror && 'mirror';
  if (old !== undefined) return { path: ['status', old], name: `the ${old}` };
  const known = new Set<string>();
  const at = candidates.findIndex(({ name }) => known.size === known.add(name).size);
  return at < 0 ? undefined : { path: ['status', 'candidates', at], name: candidates[at]?.name ?? '' };
}

/** A status file without problems → what it reports. */
export function toModelStatus({ apiVersion, kind, metadata, status }: WrittenStatus): ModelStatus {
  const { primary, candidates } = status;
  return {
    apiVersion,
    kind,
    metadata,
    status: { ...(primary && { primary }), candidates: candidates ?? toCandidates(status) },
  };
}

/** 0.1.0 wrote one candidate, and apart from it the name of what the live mirror leads to. */
function toCandidates({ candidate, mirror }: WrittenStatus['status']): CandidateStatus[] {
  if (mirror === undefined) return candidate === undefined ? [] : [candidate];
  const { to, percentage } = mirror;
  if (candidate?.name === to) return [{ ...candidate, mirror: { percentage } }];
  return [...(candidate === undefined ? [] : [candidate]), { name: to, state: 'Missing', mirror: { percentage } }];
}

/** Where the live mirror leads, and with what share of the requests in percent; undefined: nothing is mirrored. */
export function findLiveMirror({
  candidates,
}: Pick<ModelStatus['status'], 'candidates'>): { readonly to: string; readonly percentage: number } | undefined {
  const mirrored = candidates.find(({ mirror }) => mirror !== undefined);
  return mirrored?.mirror && { to: mirrored.name, percentage: mirrored.mirror.percentage };
}
