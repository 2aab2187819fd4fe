import type { PullRequest } from '../core/change/pull-request.ts';
import { isChanged } from '../core/change/pull-request.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { maskTexts } from './masked-texts.ts';
import { toObjectDiff } from './pull-request-text.ts';
import { toChangeText } from './words/change.ts';
import { toRiskText } from './words/risk.ts';

/** A revision as programs see it. */
export interface NamedRevision {
  /** As the user named it. */
  readonly revision: string;
  /** Undefined: the work tree. */
  readonly commit: string | undefined;
}

/**
 * The report of a pull request, for programs.
 *
 * @param report undefined when the head has errors.
 * @param problems of the head.
 */
export function toPullRequestJson(
  report: PullRequest | undefined,
  { base, head }: { readonly base: NamedRevision; readonly head: NamedRevision },
  problems: readonly Problem[],
): string {
  const { models = [], risks = [], objects = [], problemsBefore = [] } = report ?? {};
  const toRevision = ({ revision, commit }: NamedRevision) => ({ revision, commit: commit ?? null });
  const value = {
    base: toRevision(base),
    head: toRevision(head),
    changed: report === undefined ? null : isChanged(report),
    models: models.map(({ changes, ...model }) => ({
      ...model,
      summary: changes.map(toChangeText),
      changes: changes.map(maskTexts),
    })),
    risks: risks.map((risk) => {
      const { model, file, line, column, code, ...details } = risk;
      const place = { file, line, column };
      return { model: model ?? null, ...place, code, ...toRiskText(risk, model), details: maskTexts(details) };
    }),
    manifests: objects.map((object) => ({
      kind: object.kind,
      namespace: object.namespace,
      name: object.name,
      change: object.change,
      diff: toObjectDiff(object),
    })),
    problems,
    baseProblems: problemsBefore,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
