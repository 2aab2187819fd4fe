import { mask, safe } from '../core/diagnostics/safe-text.ts';
import { discardCandidate, findCandidate, findFate } from '../core/edit/model-edits.ts';
import type { EditOutcome } from '../core/edit/outcome.ts';
import { toProblem } from '../core/input/parse-document.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { toVersionName } from '../core/rollout/rollout.ts';
import { editModel } from './edit/edit-model.ts';
import type { EditPorts, EditRequest, Planned } from './edit/plan.ts';
import { toModelPlan } from './edit/plan.ts';

/** Removes the candidate from the model file. */
export function discard(request: EditRequest, ports: EditPorts): Promise<EditOutcome> {
  return editModel(request, ports, { plan, findNotes: () => [] });
}

function plan(target: ModelTarget, head: ModelTarget | undefined): Planned {
  const { model, source } = target;
  const { name } = model.metadata;
  // Where it is discarded in the work tree alone, HEAD has it.
  const candidate = findCandidate(model) ?? (head && findCandidate(head.model));
  const version = candidate?.version ?? '';
  if (head !== undefined && findFate(head.model, model) === 'promoted') {
    const problem = toProblem(source, ['spec', 'primary'], {
      code: 'edit-refused',
      message: safe`${mask(version)} is promoted here, which is not committed: there is no candidate to discard`,
      hint: safe`restore the file as it is at HEAD if the promotion was a mistake`,
    });
    return { problems: [problem], uncommitted: source.path };
  }
  return toModelPlan(target, discardCandidate(source, model), {
    subject: { code: 'discard', model: name, version },
    unchanged: { code: 'no-candidate', model: name },
    effect: { code: 'service-removed', service: toVersionName(name, 'candidate', candidate ?? {}) },
  });
}
