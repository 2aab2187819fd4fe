/** Models that use a Gateway of another namespace: whether it admits them, where it is rendered here too. */
import { toProblem } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { Rollout } from '../rollout/rollout.ts';

/** @param rollouts those whose namespace is known. */
export function checkSharedGateways(rollouts: readonly Rollout[]): Problem[] {
  const fields = ['gateway', 'mirrorGateway'] as const;
  const admitted = new Map<string, readonly string[]>(
    rollouts.flatMap(({ namespace, policy }) =>
      fields.flatMap((field) => {
        const { name, create, namespaces } = policy[field];
        return create ? [[`${namespace}/${name}`, namespaces] as const] : [];
      }),
    ),
  );
  return rollouts.flatMap(({ namespace, policy }) =>
    fields.flatMap((field) => {
      const { name } = policy[field];
      const namespaces = admitted.get(name);
      const origin = policy.origins.get(`routing.${field}.name`);
      if (namespaces === undefined || origin === undefined || name.startsWith(`${namespace}/`)) return [];
      if (namespaces.includes('*') || namespaces.includes(namespace)) return [];
      return [
        toProblem(
          origin.source,
          origin.path,
          {
            code: 'gateway-closed',
            message: safe`the Gateway ${mask(name)} admits no VirtualService of the namespace ${mask(namespace)}, so no request would arrive`,
            hint: safe`add ${mask(namespace)} to routing.${field}.namespaces in the policy of the models that render it`,
          },
          { on: 'value' },
        ),
      ];
    }),
  );
}
