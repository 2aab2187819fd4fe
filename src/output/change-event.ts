/** What `--notify-url` posts: one event for each change that a status commit records. docs/operations.md describes the fields. */
import { mask } from '../core/diagnostics/safe-text.ts';
import { findLiveMirror } from '../core/input/model-status.ts';
import type { ModelStatus, VersionStatus } from '../core/input/schema.ts';
import { apiVersion } from '../core/input/schema-parts.ts';
import type { StatusChange } from '../core/observe/status-change.ts';
import { findStatusChanges } from '../core/observe/status-change.ts';
import type { PushTrouble } from '../core/ports/watch.ts';
import { computeHash } from '../core/serving/digest.ts';
import { toChangeText, toPushesText } from './words/change-event.ts';

export interface ChangeEvent {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'Change';
  /** The same for the same change in the same commit. */
  readonly id: string;
  readonly code: string;
  /** One line for people. */
  readonly text: string;
  /** That records it; of pushes that fail, the one that they would follow. */
  readonly commit: string;
  /** Of the watcher; absent: it has no name. */
  readonly cluster?: string | undefined;
  /** The next five are absent where the change is about no model. */
  readonly namespace?: string | undefined;
  readonly model?: string | undefined;
  /** What the versions are called; absent: there is none. */
  readonly primary?: string | undefined;
  readonly candidate?: string | undefined;
  /** The watcher's page of the model; absent: its address is not known. */
  readonly link?: string | undefined;
}

/** A model whose status file a commit has changed. */
export interface CommittedModel {
  readonly name: string;
  readonly namespace: string;
  readonly before: ModelStatus['status'] | undefined;
  readonly after: ModelStatus['status'] | undefined;
}

export interface EventOptions {
  readonly cluster: string | undefined;
  /** The address of the watcher's pages, without a slash at its end. */
  readonly pages: string | undefined;
}

/** @returns in the order of the models, and for each as it happened. */
export function toChangeEvents(
  commit: string,
  models: readonly CommittedModel[],
  { cluster, pages }: EventOptions,
): ChangeEvent[] {
  return models.flatMap(({ name, namespace, before, after }) =>
    findStatusChanges(before, after).flatMap((change) => {
      const code = toCode(change, before);
      if (code === undefined) return [];
      const [primary, candidate] = [after?.primary, after?.candidates[0]].map((one) => one && toTitle(one));
      return {
        apiVersion,
        kind: 'Change' as const,
        id: computeHash([commit, namespace, name, change]),
        code,
        text: toPlainText(toChangeText(namespace, name, change)),
        commit,
        cluster,
        namespace,
        model: name,
        primary,
        candidate,
        link: pages === undefined ? undefined : `${pages}/${namespace}/${name}`,
      };
    }),
  );
}

/**
 * @param commit that the pushes would follow.
 * @param trouble undefined: they are accepted again.
 */
export function toPushesEvent(
  commit: string,
  trouble: PushTrouble | undefined,
  { cluster }: EventOptions,
): ChangeEvent {
  const code = trouble === undefined ? 'pushes-accepted' : 'pushes-refused';
  return {
    apiVersion,
    kind: 'Change',
    id: computeHash([commit, code, cluster]),
    code,
    text: toPlainText(toPushesText(trouble)),
    commit,
    cluster,
  };
}

/** What is on the way to something else, such as a version that loads, is in git, and nobody need read of it. */
function toCode(change: StatusChange, before: ModelStatus['status'] | undefined): string | undefined {
  switch (change.code) {
    case 'version-changed':
      // The same version in the same state, but for its words. Another one takes the place of the one before it.
      if (change.from === change.to && isKnown(change.role, change.title, before)) return undefined;
      if (change.to === 'Ready') return `${change.role}-ready`;
      return change.to === 'Failed' ? `${change.role}-failed` : undefined;
    case 'mirror-opened':
      return before !== undefined && findLiveMirror(before)?.to === change.to ? 'mirror-changed' : 'mirror-opened';
    case 'mirror-closed':
    case 'step-passed':
      return change.code;
    case 'judged':
      return `candidate-${change.verdict.verdict.toLowerCase()}`;
    default:
      return undefined;
  }
}

function isKnown(role: 'primary' | 'candidate', title: string, before: ModelStatus['status'] | undefined): boolean {
  const known = role === 'primary' ? [before?.primary] : (before?.candidates ?? []);
  return known.some((one) => one !== undefined && toTitle(one) === title);
}

function toTitle({ version, name }: VersionStatus): string {
  return version ?? name;
}

/** Slack takes what is between angle brackets for a command, such as one that calls everybody in a channel. */
function toPlainText(text: string): string {
  return mask(text.replaceAll('<', '‹').replaceAll('>', '›'));
}
