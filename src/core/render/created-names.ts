/** Names that are taken by objects which KServe creates for the InferenceServices of a namespace. */
import type { Problem } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { listVersions } from '../rollout/rollout.ts';
import type { InferenceService } from '../serving/serving-mode.ts';
import type { DecidedModel } from './decide-model.ts';
import { toScopedName } from './unique-names.ts';

/** An InferenceService, and the model that it is a version of. */
interface Creator {
  readonly by: Rollout;
  readonly service: string;
}

export class CreatedNames {
  /** By scoped name. */
  readonly #creators = new Map<string, Creator>();
  readonly #problems: Problem[] = [];

  add(model: DecidedModel, service: InferenceService): void {
    const { rollout } = model.outcome;
    const { name } = service.metadata;
    for (const created of rollout.mode.listCreated?.(service) ?? []) {
      const key = toScopedName(model, created);
      const first = this.#creators.get(key);
      if (first === undefined) this.#creators.set(key, { by: rollout, service: name });
      // Two InferenceServices of one name are a problem of their own.
      else if (first.service !== name) this.#problems.push(toClash(rollout, name, created, first));
    }
  }

  /** @param scopedName of an InferenceService, a Service or a model: the host of a model is that of a Service. */
  check(scopedName: string, name: string, by: Rollout): Problem[] {
    const creator = this.#creators.get(scopedName) ?? this.#creators.get(scopedName.replace(/-\d+$/, '-*'));
    return creator === undefined ? [] : [toClash(by, name, name, creator)];
  }

  /** What is created twice. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }
}

/** @param called which of the names of the model's file leads to the name that is taken. */
function toClash(rollout: Rollout, called: string, name: string, { by, service }: Creator): Problem {
  const version = listVersions(rollout).find((one) => one.name === called && one.declared.name !== undefined);
  return toProblem(
    rollout.file.source,
    version === undefined ? ['metadata', 'name'] : [...version.path, 'name'],
    {
      code: 'duplicate-object',
      message: safe`${mask(rollout.name)} needs the name ${mask(rollout.namespace)}/${mask(name)}, by which KServe creates objects for the InferenceService ${mask(service)} of ${mask(by.name)} (${mask(by.file.source.path)})`,
      hint: safe`give one of them another name`,
    },
    { on: 'value' },
  );
}
