/**
 * Everything that must be there once: models, the hosts that lead to them, and objects.
 *
 * `scope` is the namespace, or what stands for it where files are checked without one.
 */
import { toProblem } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import { compareText } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { orderKeys, toCanonicalText } from '../manifests/manifest.ts';
import type { PlacedPatch } from '../rollout/effective-policy.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { toServiceKey } from '../rollout/rollout.ts';

export interface RenderedObject<T> {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly output: T;
}

interface Entry<T> {
  readonly object: RenderedObject<T>;
  /** The first model it was rendered for. */
  readonly by: Rollout;
  /** What a shared object must be for every model; undefined for a model's own. */
  readonly text: string | undefined;
}

/** A host that leads to a model. */
interface Claim {
  readonly by: Rollout;
  readonly scope: string;
  /** Whether a policy has added it. */
  readonly isAdded: boolean;
}

/** The hosts that every model has are apart where the namespaces are, also where these are not known. */
function clashes(a: Claim, b: Claim): boolean {
  const areKnown = [a, b].every(({ by, scope }) => by.namespace === scope);
  return a.isAdded || b.isAdded || areKnown || a.scope === b.scope;
}

export class Registry<T> {
  readonly #print: (manifest: Manifest) => T;
  readonly #models = new Map<string, Rollout>();
  readonly #hosts = new Map<string, readonly Claim[]>();
  readonly #objects = new Map<string, Entry<T>>();

  constructor(print: (manifest: Manifest) => T) {
    this.#print = print;
  }

  addModel(rollout: Rollout, scope: string): Problem[] {
    const key = `${scope}/${rollout.name}`;
    const first = this.#models.get(key);
    if (first === undefined) {
      this.#models.set(key, rollout);
      return [];
    }
    return [
      toProblem(
        rollout.file.source,
        ['metadata', 'name'],
        {
          code: 'duplicate-model',
          message: safe`${mask(first.file.source.path)} declares a model ${mask(rollout.name)} in this namespace too`,
          hint: safe`rename one of them, or give it another namespace`,
        },
        { on: 'value' },
      ),
    ];
  }

  /** A host of one model must not be one of another, in no spelling that Istio takes for the same. */
  addHosts(rollout: Rollout, scope: string): Problem[] {
    const claims = new Map<string, Claim>();
    for (const host of rollout.hosts) {
      const claim = { by: rollout, scope, isAdded: rollout.policy.hosts.includes(host) };
      // On the mirror gateway each has a second form.
      for (const form of [host, `${host}-shadow`]) {
        const key = toServiceKey(form, rollout.namespace);
        const others = this.#hosts.get(key) ?? [];
        const first = others.find((other) => clashes(claim, other));
        if (first !== undefined) return [toHostClash(form, rollout, first.by)];
        if (claims.get(key)?.isAdded !== true) claims.set(key, claim);
      }
    }
    for (const [key, claim] of claims) this.#hosts.set(key, [...(this.#hosts.get(key) ?? []), claim]);
    return [];
  }

  /** @param shared whether models of one namespace may render it together, as long as they agree. */
  addObject(manifest: Manifest, by: Rollout, scope: string, shared: boolean): Problem[] {
    const { kind, metadata } = manifest;
    const key = `${kind} ${scope} ${metadata.name}`;
    const first = this.#objects.get(key);
    const text = shared ? toCanonicalText(manifest) : undefined;
    if (first === undefined) {
      const output = this.#print(orderKeys(manifest));
      this.#objects.set(key, {
        object: { kind, namespace: metadata.namespace, name: metadata.name, output },
        by,
        text,
      });
      return [];
    }
    // Two objects of one model: the model's own checks have said it better.
    if (first.by === by || (text !== undefined && text === first.text)) return [];
    return [toDuplicate(manifest, by, first.by, shared)];
  }

  /** All objects in their fixed order; of one model: its own, and what its namespace shares. */
  objects(model: string | undefined): RenderedObject<T>[] {
    const entries = [...this.#objects.values()];
    const chosen = [...this.#models.values()].filter(({ name }) => name === model);
    const namespaces = new Set(chosen.map(({ namespace }) => namespace));
    return entries
      .filter(({ object, by, text }) =>
        model === undefined ? true : text === undefined ? by.name === model : namespaces.has(object.namespace),
      )
      .map(({ object }) => object)
      .sort(
        (a, b) => compareText(a.kind, b.kind) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name),
      );
  }
}

function toHostClash(host: string, by: Rollout, first: Rollout): Problem {
  const origin = by.policy.origins.get('routing.hosts') ?? first.policy.origins.get('routing.hosts');
  return toProblem(origin?.source ?? by.file.source, origin?.path ?? ['metadata', 'name'], {
    code: 'duplicate-host',
    message: safe`the host ${mask(host)} would lead to ${mask(first.name)} and to ${mask(by.name)}, and Istio takes the first it sees`,
    hint: safe`give each model hosts of its own, in a policy of its own`,
  });
}

function toDuplicate({ kind, metadata }: Manifest, by: Rollout, first: Rollout, shared: boolean): Problem {
  const message = safe`${mask(kind)} ${mask(metadata.namespace)}/${mask(metadata.name)} of ${mask(by.name)} is ${shared ? 'rendered differently' : 'rendered too'} for ${mask(first.name)} (${mask(first.file.source.path)})`;
  if (shared) {
    const gatewayFields = [...by.policy.origins].filter(([field]) => /^routing\.(gateway|mirrorGateway)\./.test(field));
    const isGatewayPatch = ({ patch }: PlacedPatch) => patch.target.kind === 'Gateway';
    const patched = by.policy.patches.find(isGatewayPatch) ?? first.policy.patches.find(isGatewayPatch);
    const origin = gatewayFields[0]?.[1] ?? patched?.origin ?? { source: by.file.source, path: ['metadata', 'name'] };
    return toProblem(origin.source, origin.path, {
      code: 'duplicate-object',
      message,
      hint: safe`set and patch Gateways in a policy that holds for all models of the namespace, or give them other names`,
    });
  }
  const version = by.candidate?.name === metadata.name ? by.candidate : by.primary;
  const named = kind === 'InferenceService' && version.declared.name !== undefined;
  return toProblem(
    by.file.source,
    named ? ['spec', version.role, 'name'] : ['metadata', 'name'],
    { code: 'duplicate-object', message, hint: safe`give one of them another name` },
    { on: 'value' },
  );
}
