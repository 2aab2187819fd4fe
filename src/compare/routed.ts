/** What the comparer keeps of a live route. Whatever others wrote into it, reading does not fail. */
import { textAt } from '../core/input/plain-value.ts';
import type { Router } from '../core/routing/router.ts';
import { routers } from '../core/routing/routers.ts';
import type { ReadTraffic } from '../core/routing/traffic.ts';

export interface Routed extends ReadTraffic {
  readonly router: Router;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * @param router which one's kind the object is of: lists of the API do not repeat it.
 * @returns undefined: it is neither of a model's two hops.
 */
export function toRouted(object: unknown, router: Router = routers[0]): Routed | undefined {
  const traffic = router.read([object]);
  const name = textAt(object, ['metadata', 'name']);
  const { model, namespace, copies } = traffic;
  if (model === undefined || namespace === undefined) return undefined;
  const own = copies === undefined ? model : router.toMirrorName(model);
  return name === own ? { ...traffic, router, kind: router.watched.kind, namespace, name } : undefined;
}
