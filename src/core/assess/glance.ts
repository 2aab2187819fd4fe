/**
 * A rendered model and what was seen of it → what is wanted, what is there, why the two differ, and the
 * one thing to do next.
 *
 * Invariants: pure; every reason of the gate has its words; the most urgent difference comes first; the
 * same facts give the same words; nothing that others wrote can steer a terminal.
 */
import { toReasonText } from '../change/rollout-change.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, quote, safe } from '../diagnostics/safe-text.ts';
import type { ModelStatus, VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { MirrorReason } from '../rollout/gate.ts';
import type { RolloutVersion } from '../rollout/rollout.ts';
import { upgradeStatus } from '../serving/digest-upgrade.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import { sortDifferences } from './difference.ts';
import { toNextStep } from './next-step.ts';
import type { Pending } from './pending.ts';
import { lookForPending } from './pending.ts';
import type { Speech } from './speech.ts';

type Status = ModelStatus['status'];
type SeenMirror = NonNullable<Status['mirror']>;

/** A version as it is rendered. */
export interface DesiredVersion {
  /** Of the InferenceService. */
  readonly name: string;
  readonly version: string;
  readonly storageUri: string | undefined;
  readonly digest: string;
}

export interface Glance {
  readonly name: string;
  /** Undefined when neither the model nor its status names one. */
  readonly namespace: string | undefined;
  /** The model's file, from the repository's root. */
  readonly file: string;
  readonly desired: {
    readonly primary: DesiredVersion;
    readonly candidate: DesiredVersion | undefined;
    /** What the policy wants once the mirror is open. */
    readonly percentage: number;
    /** What is rendered; undefined: the mirror is closed. */
    readonly mirror: SeenMirror | undefined;
  };
  readonly gate: { readonly code: MirrorReason['code']; readonly open: boolean; readonly text: SafeText };
  /** `git`: the status file; `cluster`: looked at just now. */
  readonly source: 'git' | 'cluster';
  /** Undefined when nothing can be said. */
  readonly observed: Status | undefined;
  /** The most urgent first. */
  readonly differences: readonly Difference[];
  readonly next: string;
}

export interface GlanceOptions {
  /** What the cluster was seen to be just now; undefined: the status file is all there is. */
  readonly live?: Status | undefined;
  /** For models that name none. */
  readonly namespace?: string | undefined;
  /** What of its files is only here; undefined: nothing is known of that. */
  readonly pending?: Pending | undefined;
}

export function computeGlance(
  rendered: RenderedRollout,
  { live, namespace, pending }: GlanceOptions,
  speech: Speech,
): Glance {
  const { rollout, mirror, digests, versions, status } = rendered;
  const primary = toDesired(rollout.primary, digests.primary);
  const candidate = rollout.candidate === undefined ? undefined : toDesired(rollout.candidate, digests.candidate ?? '');
  const wanted =
    candidate === undefined || mirror.percentage === 0
      ? undefined
      : { to: candidate.name, percentage: mirror.percentage };
  const source = live === undefined ? 'git' : 'cluster';
  const seen = live && upgradeStatus(live, versions);
  const observed = seen ?? status?.status;
  const differences = sortDifferences([
    ...lookForPending(pending, speech.toPath),
    ...lookAtStatus(rendered),
    ...(observed === undefined
      ? []
      : [
          ...lookAtVersion('primary', primary, observed.primary, source),
          ...lookAtCandidate(candidate, observed.candidate, source),
          ...lookAtMirror(wanted, observed.mirror),
        ]),
    ...(mirror.reason.code === 'percentage-zero'
      ? [{ code: 'percentage-zero', text: toReasonText(mirror.reason) } as const]
      : []),
    ...(seen === undefined || status === undefined ? [] : lookForDelay(status.status, seen)),
  ]);
  const open = mirror.percentage > 0;
  const reason = toReasonText(mirror.reason);
  return {
    name: rollout.name,
    namespace: rollout.file.model.metadata.namespace ?? namespace ?? (status && mask(status.metadata.namespace)),
    file: rollout.file.source.path,
    desired: { primary, candidate, percentage: rollout.policy.mirrorPercentage, mirror: wanted },
    gate: {
      code: mirror.reason.code,
      open,
      text: open ? safe`open at ${mirror.percentage} %: ${reason}` : safe`closed: ${reason}`,
    },
    source,
    observed,
    differences,
    next: toNextStep(rendered, differences[0]?.code, { source, observed, pending }, speech),
  };
}

function toDesired({ name, declared }: RolloutVersion, digest: string): DesiredVersion {
  return { name, version: declared.version, storageUri: declared.storageUri, digest };
}

function lookAtStatus({ status, statusWarnings }: RenderedRollout): Difference[] {
  if (status !== undefined) return [];
  const [warning] = statusWarnings;
  return [
    warning === undefined
      ? { code: 'no-status', text: safe`there is no status file` }
      : { code: 'status-ignored', text: warning.message },
  ];
}

function lookAtCandidate(
  candidate: DesiredVersion | undefined,
  seen: VersionStatus | undefined,
  source: Glance['source'],
): Difference[] {
  if (candidate !== undefined) return lookAtVersion('candidate', candidate, seen, source);
  if (seen === undefined) return [];
  return [{ code: 'candidate-leaving', text: safe`${mask(seen.name)} is no longer a candidate, but still there` }];
}

/** What keeps a version from being what is wanted; by its first reason. */
function lookAtVersion(
  role: 'primary' | 'candidate',
  { name, digest }: DesiredVersion,
  seen: VersionStatus | undefined,
  source: Glance['source'],
): Difference[] {
  const tell = (code: VersionCode, text: SafeText): Difference[] => [{ code: `${role}-${code}`, text }];
  const by = source === 'git' ? 'the status' : 'the cluster';
  if (seen === undefined) return tell('not-observed', safe`${by} does not know of the ${role} yet`);
  if (seen.name !== name)
    return tell('other', safe`the status is for ${mask(seen.name)}, another ${role} than ${mask(name)}`);
  if (seen.state === 'Missing') return tell('missing', safe`the ${role} ${mask(name)} is not in the cluster`);
  if (seen.digest !== digest)
    return tell(
      'other-digest',
      source === 'git'
        ? safe`the status is for an earlier spec of the ${role}`
        : safe`Argo CD has not applied this spec of the ${role} yet`,
    );
  if (seen.state === 'Ready') return [];
  const why = seen.reason === undefined ? '' : safe` (${mask(seen.reason)})`;
  return tell(seen.state === 'Failed' ? 'failed' : 'not-ready', safe`the ${role} is ${seen.state}${why}`);
}

type VersionCode = Extract<DifferenceCode, `primary-${string}`> extends `primary-${infer Code}` ? Code : never;

function lookAtMirror(wanted: SeenMirror | undefined, seen: SeenMirror | undefined): Difference[] {
  if (wanted?.to === seen?.to && wanted?.percentage === seen?.percentage) return [];
  const is = seen === undefined ? 'nothing is mirrored' : safe`${seen.percentage} % is mirrored to ${mask(seen.to)}`;
  if (wanted === undefined) return [{ code: 'mirror-still-open', text: safe`${is} still` }];
  const of = seen !== undefined && seen.to !== wanted.to ? safe` to ${mask(wanted.to)}` : '';
  return [
    {
      code: 'mirror-not-applied',
      text: safe`${is}${seen === undefined ? ' yet' : ''}, and ${wanted.percentage} %${of} is wanted`,
    },
  ];
}

/** The cluster is further than the status file, and the file is what opens the mirror. */
function lookForDelay(told: Status, live: Status): Difference[] {
  const roles = (['candidate', 'primary'] as const).filter((role) => {
    const [a, b] = [told[role], live[role]];
    return a?.name !== b?.name || a?.digest !== b?.digest || a?.state !== b?.state;
  });
  const [role] = roles;
  if (role === undefined) return [];
  const said = told[role] === undefined ? safe`knows no ${role}` : safe`says ${quote(told[role].state)} of the ${role}`;
  const is = live[role] === undefined ? 'there is none' : safe`it is ${live[role].state}`;
  return [{ code: 'status-behind', text: safe`the status file ${said}, and ${is}` }];
}
