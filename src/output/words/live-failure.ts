/** Why live counts cannot be read, and what to do. */

import type { LiveFailure } from '../../core/analysis/live-result.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { apiVersion } from '../../core/input/schema-parts.ts';
import type { WatcherPlace } from '../../core/ports/watcher-pages.ts';

export interface FailureText {
  readonly message: SafeText;
  readonly hint: SafeText;
}

export function toFailureText(failure: LiveFailure, place: WatcherPlace): FailureText {
  const at = toPlaceText(place);
  switch (failure.code) {
    case 'unreachable':
      return place.code === 'address'
        ? {
            message: safe`${at} cannot be reached: ${failure.message}`,
            hint: safe`check the address, and that kubectl port-forward still runs`,
          }
        : {
            message: safe`${at} cannot be reached: ${failure.message}`,
            hint: safe`check that its Pod runs (kubectl get pods -n ${mask(place.namespace)}), and that its NetworkPolicy admits the API server`,
          };
    case 'no-cluster':
      return {
        message: failure.message,
        hint: safe`check that the cluster is up, or choose another with --kubeconfig or --context`,
      };
    case 'refused':
      return {
        message: failure.message,
        hint: safe`ask for the right to get services/proxy${place.code === 'service' ? safe` in the namespace ${mask(place.namespace)}` : safe``}, or use kubectl port-forward and --watcher with its address`,
      };
    case 'no-service':
      return { message: failure.message, hint: safe`name the watcher's Service: --live --watcher NAMESPACE/NAME` };
    case 'no-watcher':
      return {
        message: safe`what answers for ${at}, with ${failure.status}, is no watcher of this release`,
        hint: safe`name the port of a watcher's --listen with --watcher; a watcher of an earlier release has no such page: update it`,
      };
    case 'other-version':
      return {
        message: safe`${at} answers in ${mask(failure.version)}, and this release reads ${mask(apiVersion)}`,
        hint: safe`use the release of model-mirror that the watcher has`,
      };
    case 'too-large':
      return {
        message: safe`what answers for ${at} sends more than a page of a watcher has`,
        hint: safe`name the port of a watcher's --listen with --watcher`,
      };
  }
}

function toPlaceText(place: WatcherPlace): SafeText {
  return place.code === 'address'
    ? safe`the watcher at ${mask(place.address)}`
    : safe`the watcher ${mask(place.namespace)}/${mask(place.name)}`;
}
