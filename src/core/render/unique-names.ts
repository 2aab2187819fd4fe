/** What must exist only once: models, and the hosts that clients call them by. */

import type { Problem } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { toServiceKey } from '../routing/service-key.ts';
import type { DecidedModel } from './decide-model.ts';

/** @returns the models whose names are taken by no earlier one, and what is wrong with names and hosts. */
export function checkUniqueNames(models: readonly DecidedModel[]): {
  readonly distinct: readonly DecidedModel[];
  readonly problems: readonly Problem[];
} {
  const byName = new Map<string, DecidedModel>();
  const claims = new Map<string, readonly HostClaim[]>();
  const problems: Problem[] = [];
  for (const model of models) {
    const key = toScopedName(model, model.outcome.rollout.name);
    const first = byName.get(key);
    if (first === undefined) {
      byName.set(key, model);
      problems.push(...claimHosts(model, claims));
    } else problems.push(toDuplicateModel(model.outcome.rollout, first.outcome.rollout));
  }
  return { distinct: [...byName.values()], problems };
}

/**
 * Equal for equal names in one namespace. Where files are checked without one, models of two folders may be meant
 * for two namespaces.
 */
export function toScopedName({ namespace, outcome }: DecidedModel, name: string): string {
  return namespace === undefined ? `folder ${outcome.rollout.file.folder}: ${name}` : `namespace ${namespace}: ${name}`;
}

/** A host that a model is called by. */
interface HostClaim {
  readonly by: DecidedModel;
  /** Whether a policy has added it. */
  readonly isAdded: boolean;
}

/** The hosts that every model has differ where the namespaces do, also where these are not known. */
function clashes(a: HostClaim, b: HostClaim): boolean {
  const areKnown = a.by.namespace !== undefined && b.by.namespace !== undefined;
  return a.isAdded || b.isAdded || areKnown || toScopedName(a.by, '') === toScopedName(b.by, '');
}

/** A host of one model must not be one of another, in no spelling that Istio takes for the same. */
function claimHosts(by: DecidedModel, known: Map<string, readonly HostClaim[]>): Problem[] {
  const { rollout } = by.outcome;
  const claims = new Map<string, HostClaim>();
  for (const host of rollout.hosts) {
    const claim = { by, isAdded: rollout.policy.hosts.includes(host) };
    for (const form of rollout.policy.router.toHostForms(host)) {
      const key = toServiceKey(form, rollout.namespace);
      const first = known.get(key)?.find((other) => clashes(claim, other));
      if (first !== undefined) return [toHostClash(form, rollout, first.by.outcome.rollout)];
      if (claims.get(key)?.isAdded !== true) claims.set(key, claim);
    }
  }
  for (const [key, claim] of claims) known.set(key, [...(known.get(key) ?? []), claim]);
  return [];
}

function toDuplicateModel({ file, name }: Rollout, first: Rollout): Problem {
  return toProblem(
    file.source,
    ['metadata', 'name'],
    {
      code: 'duplicate-model',
      message: safe`${mask(first.file.source.path)} declares a model ${mask(name)} in this namespace too`,
      hint: safe`rename one of them, or give it another namespace`,
    },
    { on: 'value' },
  );
}

function toHostClash(host: string, by: Rollout, first: Rollout): Problem {
  const origin = by.policy.origins.get('routing.hosts') ?? first.policy.origins.get('routing.hosts');
  return toProblem(origin?.source ?? by.file.source, origin?.path ?? ['metadata', 'name'], {
    code: 'duplicate-host',
    message: safe`the host ${mask(host)} would lead to ${mask(first.name)} and to ${mask(by.name)}, and ${mask(by.policy.router.name)} takes the first it sees`,
    hint: safe`give each model hosts of its own, in a policy of its own`,
  });
}
