/** Names that are taken by objects which KServe creates for the InferenceServices of a namespace. */
import type { Problem } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { listVersions } from '../rollout/rollout.ts';
import { toServiceKey } from '../routing/service-key.ts';
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
  /** By the key of the host. */
  readonly #hosts = new Map<string, Creator>();
  readonly #problems: Problem[] = [];

  add(model: DecidedModel, service: InferenceService): void {
    const { rollout } = model.outcome;
    const { name } = service.metadata;
    for (const created of rollout.mode.listCreated?.(service) ?? []) {
      const key = toScopedName(model, created);
      this.#hosts.set(toServiceKey(`${created}.${rollout.namespace}`, rollout.namespace), {
        by: rollout,
        service: name,
      });
      const first = this.#creators.get(key);
      if (first === undefined) this.#creators.set(key, { by: rollout, service: name });
      // Two InferenceServices of one name are a problem of their own.
      else if (first.service !== name) this.#problems.push(toClash(rollout, name, created, first));
    }
  }

  /** Copies and samples that would go to a Service of KServe's, and so to the Pods of a version, past all routes. */
  checkTargets({ file, name, namespace, policy }: Rollout): Problem[] {
    const { mirrorGateway, comparer } = policy;
    const targets = [
      { field: 'routing.mirrorGateway.service', what: safe`mirrored requests`, service: mirrorGateway.service },
      { field: 'analysis.comparer.service', what: safe`the samples`, service: comparer?.service },
    ];
    return targets.flatMap(({ field, what, service }) => {
      const creator = service === undefined ? undefined : this.#hosts.get(toServiceKey(service, namespace));
      if (service === undefined || creator === undefined) return [];
      const origin = policy.origins.get(field) ?? { source: file.source, path: ['metadata', 'name'] };
      return toProblem(
        origin.source,
        origin.path,
        {
          code: 'mirror-loop',
          message: safe`${what} of ${mask(name)} would go to ${mask(service)}, which KServe creates for the InferenceService ${mask(creator.service)} of ${mask(creator.by.name)}`,
          hint: safe`set ${mask(field)} to the Service of the program that is installed for it, or remove it`,
        },
        { on: 'value' },
      );
    });
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
