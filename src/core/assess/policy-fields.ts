/** Which file sets each field of a model's policy, what it overrides, and which objects patches change. */

import type { Place } from '../diagnostics/problem.ts';
import { valueAt } from '../input/plain-value.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import { matches } from '../manifests/patch.ts';
import { listObjects } from '../render/render-model.ts';
import type { Setting } from '../rollout/effective-policy.ts';
import { replacedFields } from '../rollout/effective-policy.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { toVersionPlace } from '../rollout/rollout.ts';

interface PlacedValue {
  readonly value: unknown;
  readonly place: Place;
}

export interface PolicyField {
  /** Below `spec`, such as `routing.timeout`. */
  readonly field: string;
  /** Undefined: none, which is possible for a timeout. */
  readonly value: unknown;
  /** Undefined: the default. */
  readonly place: Place | undefined;
  /** Values in policies of outer folders, the nearest first. */
  readonly overrides: readonly PlacedValue[];
}

interface PolicyLimit extends PlacedValue {
  readonly field: string;
}

export interface PolicyPatch {
  readonly kind: string;
  /** Undefined: every object of the kind. */
  readonly name: string | undefined;
  readonly operations: readonly { readonly op: string; readonly path: string }[];
  readonly place: Place;
  /** The rendered objects of this model that it changes. */
  readonly objects: readonly { readonly kind: string; readonly name: string }[];
}

export interface PolicyExplanation {
  /** Every field that has an effect, in the order of the documentation. */
  readonly fields: readonly PolicyField[];
  /** All of them apply: the lowest percentage, and a prefix of each list. */
  readonly limits: readonly PolicyLimit[];
  /** In the order in which they are applied. */
  readonly patches: readonly PolicyPatch[];
}

export function explainPolicy(rollout: Rollout): PolicyExplanation {
  const { policy, mode, primary } = rollout;
  const service = mode.toService(toVersionPlace(rollout, primary));
  /** Of the serving mode, where no policy sets it. */
  const defaults: ReadonlyMap<string, unknown> = new Map<string, unknown>([
    ['routing.service.host', service.host],
    ['routing.service.port', service.port],
  ]);
  const objects = listObjects(rollout);
  const isForNothing = (field: string) => policy.analysis === undefined && field.startsWith('analysis.');
  const supported = replacedFields.filter((field) => !mode.unsupported.includes(field) && !isForNothing(field));
  const fields = supported.map((field): PolicyField => {
    const [nearest, ...outer] = (policy.settings.get(field) ?? []).toReversed();
    const effective = valueAt(policy, field.replace(/^(?:routing|analysis)\./, '').split('.'));
    return {
      field,
      value: defaults.get(field) ?? effective,
      place: nearest && toPlace(nearest.origin),
      overrides: outer.map(toPlaced),
    };
  });
  return {
    fields,
    limits: [...policy.settings]
      .filter(([field]) => field.startsWith('limits.'))
      .flatMap(([field, settings]) => settings.map((setting) => ({ field, ...toPlaced(setting) }))),
    patches: policy.patches.map(({ patch: { target, patch }, origin }) => ({
      kind: target.kind,
      name: target.name,
      operations: patch.map(({ op, path }) => ({ op, path })),
      place: toPlace(origin),
      objects: objects.filter(({ kind, name }) => matches(target, kind, name)),
    })),
  };
}

function toPlaced({ value, origin }: Setting): PlacedValue {
  return { value, place: toPlace(origin) };
}

function toPlace({ source, path }: FieldOrigin): Place {
  return locate(source, path);
}
