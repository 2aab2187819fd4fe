/** `model-mirror explain`: one model, from the files as they are. */
import { computeGlance } from '../../core/assess/glance.ts';
import { explainPolicy } from '../../core/assess/policy-fields.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { locate } from '../../core/input/yaml-text.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import { toExplainJson, toExplainText } from '../../output/explain-text.ts';
import { describeOthersErrors, findTarget, renderAll, toAbsolute, toOwnApplication } from '../edit/target.ts';
import type { ExplainFlags } from '../flags/look-flags.ts';
import { toSpeech } from '../flags/look-flags.ts';
import { toNamespace, toToldNamespace } from '../flags/namespace-name.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { findPending } from '../status/pending.ts';

/** @returns the exit code. */
export async function runExplain(name: string, flags: ExplainFlags, host: Host): Promise<number> {
  const target = findTarget(name, flags, host);
  const { toShownPath: toPath } = target.places;
  const refuse = (problems: readonly Problem[]) => {
    showProblems(problems, host, 2, toPath);
    return exitCodes.problems;
  };
  if ('problems' in target) return refuse(target.problems);
  const find = (namespace: string | undefined) => {
    const { rollouts, problems } = renderAll(toOwnApplication(target), { namespace });
    return { problems, rendered: rollouts.find(({ rollout }) => rollout.file.source.path === target.file.path) };
  };
  const first = find(toNamespace(flags.namespace));
  const told = toToldNamespace(first.rendered?.status);
  const { rendered, problems } = flags.namespace === undefined && told !== undefined ? find(told) : first;
  if (hasErrors(problems) || rendered === undefined) return refuse(problems);
  const { rollout } = rendered;
  const place = (role: 'primary' | 'candidate') => locate(target.source, ['spec', role]);
  const speech = toSpeech(flags, target.places, target.tree, host);
  const own = { ...target.places, folder: toAbsolute(target, target.file.folder) };
  const pending = await findPending(own, toOwnApplication(target).tree, host);
  const glance = computeGlance(rendered, { namespace: flags.namespace, pending: pending([target.file.path]) }, speech);
  const explanation = {
    glance,
    policy: explainPolicy(rollout),
    places: { primary: place('primary'), candidate: rollout.candidate && place('candidate') },
    // Most of them hold the namespace.
    hosts: glance.namespace === undefined ? rollout.policy.hosts : rollout.hosts,
  };
  const text =
    flags.output === 'json'
      ? toExplainJson(explanation)
      : toExplainText(explanation, { all: flags.all === true, toPath, style: host.style(1) });
  host.write(1, [text]);
  showProblems(problems.filter(isIgnoredPolicy), host, 2, toPath);
  for (const line of describeOthersErrors(renderAll(target).problems, target)) host.write(2, [`${line}\n`]);
  return exitCodes.fine;
}
