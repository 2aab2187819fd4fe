/** What a model or its policies want that its serving mode cannot do. */
import type { Finding, Problem } from '../diagnostics/problem.ts';
import { join, mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { Protocol } from '../input/schema.ts';
import type { FieldOrigin, SourceFile } from '../input/source-file.ts';
import type { RoutingPolicy } from '../routing/router.ts';
import type { ServingMode } from '../serving/serving-mode.ts';

/** A model, as far as it counts here. */
interface ModedModel {
  readonly file: { readonly source: SourceFile };
  readonly mode: ServingMode;
  readonly protocols: readonly Protocol[];
  readonly policy: Pick<RoutingPolicy, 'origins'>;
}

export function checkProtocols({ file, mode, protocols }: ModedModel): Problem[] {
  return protocols.flatMap((protocol, i) => {
    const finding = findWrong(mode, protocol, protocols.slice(0, i));
    return finding === undefined
      ? []
      : [toProblem(file.source, ['spec', 'protocols', i], { code: 'invalid-value', ...finding }, { on: 'value' })];
  });
}

function findWrong(
  mode: ServingMode,
  protocol: Protocol,
  before: readonly Protocol[],
): Omit<Finding, 'code'> | undefined {
  if (before.includes(protocol))
    return { message: safe`spec.protocols has ${protocol} twice`, hint: safe`name each protocol once` };
  if (mode.protocols.includes(protocol)) return undefined;
  const others = join(mode.protocols.map(mask), ' or ');
  return {
    message: safe`spec.protocols has ${protocol}, which models of the mode ${mask(mode.name)} do not speak`,
    hint: safe`write ${others}, or both; for ${protocol}, choose another deploymentMode`,
  };
}

/** Fields of policies that have an effect on none of the models that they hold for: others may share the policy. */
export function checkPolicySupport(rollouts: readonly ModedModel[]): Problem[] {
  const reached = new Map<
    string,
    { readonly field: string; readonly origin: FieldOrigin; readonly by: ModedModel[] }
  >();
  for (const rollout of rollouts)
    for (const [field, origin] of rollout.policy.origins) {
      const key = JSON.stringify([field, origin.source.path]);
      const known = reached.get(key);
      if (known === undefined) reached.set(key, { field, origin, by: [rollout] });
      else known.by.push(rollout);
    }
  return [...reached.values()].flatMap(({ field, origin, by }) => {
    const modes = [...new Set(by.map(({ mode }) => mode))];
    if (!modes.every((mode) => mode.unsupported.includes(field))) return [];
    return [
      toProblem(origin.source, origin.path, {
        code: 'invalid-value',
        message: safe`spec.${mask(field)} has no effect on models of the mode ${join(
          modes.map(({ name }) => mask(name)),
          ' or ',
        )}, and no other model is below this policy`,
        hint: safe`remove it`,
      }),
    ];
  });
}
