/** People have the judgement of a candidate begin again: an edit of its status file, which the watcher goes on from. */
import { hasErrors } from '../core/diagnostics/problem.ts';
import { safe } from '../core/diagnostics/safe-text.ts';
import type { EditOutcome } from '../core/edit/outcome.ts';
import { toProblem } from '../core/input/parse-document.ts';
import type { ModelStatus } from '../core/input/schema.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { toOwnTree } from '../core/repository/find-model.ts';
import { editModel } from './edit/edit-model.ts';
import type { EditPorts, EditRequest, Planned } from './edit/plan.ts';
import { findRendered } from './edit/plan.ts';

/** A status → the text of its file. */
type ToStatusText = (observed: {
  readonly name: string;
  readonly namespace: string;
  readonly status: ModelStatus['status'];
}) => string;

/** The next attempt, at the first step of the ramp: no verdict, and nothing that was counted so far counts for it. */
export function resetAnalysis(request: EditRequest, toText: ToStatusText, ports: EditPorts): Promise<EditOutcome> {
  return editModel(request, ports, {
    plan: (target) => plan(target, request.cluster, toText),
    findNotes: () => [],
  });
}

function plan(target: ModelTarget, cluster: string | undefined, toText: ToStatusText): Planned {
  const application = renderDigests(toOwnTree(target), { cluster });
  if (hasErrors(application.problems)) return { problems: application.problems };
  const rendered = findRendered(application, target);
  const { name: model } = target.model.metadata;
  const candidate = rendered?.candidates[0];
  const status = rendered?.status;
  const observed = status?.status.candidates.find(({ name }) => name === candidate?.version.name);
  const isDecided = observed?.verdict !== undefined || observed?.passed !== undefined;
  if (rendered === undefined || candidate === undefined || status === undefined || !isDecided)
    return {
      problems: [
        toProblem(target.source, ['spec'], {
          code: 'edit-refused',
          message: safe`nothing is decided about a candidate of this model, so there is nothing to begin again`,
          hint: safe`model-mirror analysis shows what is decided`,
        }),
      ],
    };
  const { verdict: _, passed: __, attempt = 0, ...rest } = observed;
  const candidates = status.status.candidates.map((one) =>
    one === observed ? { ...rest, attempt: attempt + 1 } : one,
  );
  const file = rendered.statusPath;
  const found = target.tree.files.find(({ path }) => path === file);
  const source = found && target.tree.read(found);
  return {
    file,
    before: source === undefined || 'code' in source ? undefined : source.text,
    after: toText({ ...status.metadata, status: { ...status.status, candidates } }),
    subject: { code: 'judge-again', model, version: candidate.version.declared.version },
    effect: { code: 'judged-again', version: candidate.version.declared.version },
  };
}
