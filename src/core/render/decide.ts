/** The second stage: models, policies and statuses → what is to be rendered for each model, all models together. */
import type { Problem } from '../diagnostics/problem.ts';
import type { EffectivePolicy } from '../rollout/effective-policy.ts';
import { checkPolicySupport } from '../rollout/mode-support.ts';
import { checkRollout, computeRollout } from '../rollout/rollout.ts';
import { routers } from '../routing/routers.ts';
import type { DecidedModel } from './decide-model.ts';
import { decideModel } from './decide-model.ts';
import type { LoadedApplication } from './load.ts';
import type { EffectivePolicies } from './policies.ts';
import { computeEffectivePolicies } from './policies.ts';
import { checkUniqueNames } from './unique-names.ts';

export interface DecideOptions {
  /** The preview: as if every candidate were ready. */
  readonly assumeReady?: boolean;
}

export interface DecidedApplication {
  /** In the order in which their files are found. */
  readonly models: readonly DecidedModel[];
  /** Those of them whose names are taken by no earlier one. */
  readonly distinct: readonly DecidedModel[];
  readonly policies: EffectivePolicies;
  readonly problems: readonly Problem[];
}

export function decideApplication(loaded: LoadedApplication, options: DecideOptions): DecidedApplication {
  const policies = computeEffectivePolicies(loaded.policies, loaded.modelFolders);
  const models = loaded.models.map((model) => {
    // Each folder of a model has been given a policy just before.
    const policy = policies.byFolder.get(model.file.folder) as EffectivePolicy;
    return decideModel(computeRollout(model.file, model.namespace ?? 'default', policy), model, options);
  });
  const { distinct, problems } = checkUniqueNames(models);
  const placed = models.flatMap(({ namespace, outcome }) => (namespace === undefined ? [] : [outcome.rollout]));
  return {
    models,
    distinct,
    policies,
    problems: [
      ...policies.problems,
      ...models.flatMap((model) => [...checkRollout(model.outcome.rollout), ...model.problems]),
      ...problems,
      ...checkPolicySupport(models.map(({ outcome }) => outcome.rollout)),
      ...routers.flatMap((router) => router.checkModels(placed.filter(({ policy }) => policy.router === router))),
    ],
  };
}
