/** The providers of the port `Router`. */
import { istio } from './istio/istio.ts';
import type { Router } from './router.ts';

/** The first is the default of `routing.api`. */
export const routers: readonly [Router, ...Router[]] = [istio];

export function findRouter(name: string): Router | undefined {
  return routers.find((router) => router.name === name);
}

/** Whether objects of a kind are a router's that is watched. */
export function isRouteKind(kind: string): boolean {
  return routers.some(({ watched }) => watched.kind === kind);
}
