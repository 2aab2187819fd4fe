import type { PullRequest } from '../core/change/pull-request.ts';
import { isChanged } from '../core/change/pull-request.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { toObjectDiff } from './pull-request-text.ts';

/** A side as programs see it. */
export interface ComparedRevision {
  /** As it was asked for. */
  readonly revision: string;
  /** Undefined: the work tree. */
  readonly commit: string | undefined;
}

/**
 * The report of a pull request, for programs: an object on several lines.
 *
 * @param problems of what is proposed; with errors among them there is not a report.
 */
export function toPullRequestJson(
  report: PullRequest | undefined,
  { before, after }: { readonly before: ComparedRevision; readonly after: ComparedRevision },
  problems: readonly Problem[],
): string {
  const { models = [], risks = [], objects = [], problemsBefore = [] } = report ?? {};
  const toSide = ({ revision, commit }: ComparedRevision) => ({ revision, commit: commit ?? null });
  const value = {
    base: toSide(before),
    head: toSide(after),
    changed: report === undefined ? null : isChanged(report),
    models,
    risks: risks.map(({ model, ...risk }) => ({ model: model ?? null, ...risk })),
    manifests: objects.map(({ kind, namespace, name, change, before: was, after: is }) => ({
      kind,
      namespace,
      name,
      change,
      diff: toObjectDiff({ kind, namespace, name, change, before: was, after: is }),
    })),
    problems,
    baseProblems: problemsBefore,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
