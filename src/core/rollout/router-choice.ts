/** What is wrong with the router that a policy chooses, and with what the policy wants of it. */
import type { Problem } from '../diagnostics/problem.ts';
import { toFieldText } from '../diagnostics/problem.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { suggest } from '../diagnostics/suggest.ts';
import { toProblem } from '../input/parse-document.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import type { PlacedPatch } from '../manifests/patch.ts';
import type { Router } from '../routing/router.ts';
import { findRouter, routers } from '../routing/routers.ts';
import { modes } from '../serving/modes.ts';

/** @param api the value of `routing.api`, and where it is set; undefined: nowhere. */
export function checkRouterName(api: { readonly value: unknown; readonly origin: FieldOrigin } | undefined): Problem[] {
  if (api === undefined || findRouter(String(api.value)) !== undefined) return [];
  const name = String(api.value);
  const names = routers.map((router) => router.name);
  const meant = suggest(name, names);
  const hint =
    meant === undefined ? safe`write ${join(names.map(mask), ' or ')}` : safe`did you mean "${mask(meant)}"?`;
  const message = safe`spec.routing.api is ${quote(name)}, which is not supported`;
  const { source, path } = api.origin;
  return [toProblem(source, path, { code: 'invalid-value', message, hint }, { on: 'value' })];
}

/** What a policy sets though the router cannot do it. */
export function checkSupport(
  { name, unsupported }: Pick<Router, 'name' | 'unsupported'>,
  origins: ReadonlyMap<string, FieldOrigin>,
): Problem[] {
  return unsupported.flatMap((field) => {
    const origin = origins.get(field);
    if (origin === undefined) return [];
    return [
      toProblem(origin.source, origin.path, {
        code: 'invalid-value',
        message: safe`spec.${mask(field)} has no effect with ${mask(name)}`,
        hint: safe`remove it, or choose another spec.routing.api`,
      }),
    ];
  });
}

/** Patches of kinds that are not rendered. */
export function checkPatchedKinds({ kinds }: Router, patches: readonly PlacedPatch[]): Problem[] {
  const known = ['InferenceService', ...modes.flatMap((mode) => mode.kinds), ...kinds];
  return patches.flatMap(({ patch: { target }, origin }) => {
    if (known.includes(target.kind)) return [];
    const path = [...origin.path, 'target', 'kind'];
    const meant = suggest(target.kind, known);
    const choices = safe`one of ${join(known.map(mask), ', ')}`;
    return [
      toProblem(
        origin.source,
        path,
        {
          code: 'invalid-value',
          message: safe`${toFieldText(path)} is ${quote(target.kind)}, not ${choices}`,
          hint: meant === undefined ? safe`write ${choices}` : safe`did you mean "${mask(meant)}"?`,
        },
        { on: 'value' },
      ),
    ];
  });
}
