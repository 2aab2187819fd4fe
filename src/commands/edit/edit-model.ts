/**
 * An edit of one file, from the model's name to the push: read → plan → check → apply.
 *
 * Invariant: nothing is written before everything that the edit results in has been validated.
 */
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { EditOutcome } from '../../core/edit/outcome.ts';
import { pickModel } from '../../core/repository/find-model.ts';
import { applyPlan } from './apply.ts';
import { finishUnchanged } from './finish-unchanged.ts';
import { readHead } from './head.ts';
import type { EditCommand, EditPorts, EditRequest, PrepareEdit } from './plan.ts';
import { isToCommit } from './plan.ts';

/** @throws Fault when the request does not fit the model or the clone, or when the edit cannot be written. */
export async function editModel(
  request: EditRequest,
  ports: EditPorts,
  prepared: EditCommand | PrepareEdit,
): Promise<EditOutcome> {
  if (request.push && !isToCommit(request))
    throw new Fault('usage', safe`--push pushes what is committed`, safe`pass --commit or --branch, too`);
  const target = pickModel(request.name, ports.files.openTree(), ports.names);
  if ('problems' in target) return { code: 'refused', problems: target.problems, notes: [] };
  const clone = ports.openClone(target.file.folder);
  if (isToCommit(request)) await clone?.assertInstalled();
  const head = await readHead(target, clone);
  const command = typeof prepared === 'function' ? await prepared({ target, clone, head }) : prepared;
  const scene = { request, ports, command, target, clone, head };
  const planned = command.plan(target, head?.target);
  if ('problems' in planned) return { code: 'refused', notes: [], ...planned };
  return 'unchanged' in planned ? finishUnchanged(scene, planned) : applyPlan(scene, planned);
}
