/**
 * Refuses annotations that make an Argo CD sync wait. With a second wave, a hook or PruneLast, a failing candidate delays
 * the commit that closes its mirror: on Argo CD 3.5.7, such a commit took effect after 5 minutes or never, and after 0.7 s
 * with everything in one wave.
 */
import type { FieldPath, Finding } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import type { Manifest } from './manifest.ts';

const syncOptions = 'argocd.argoproj.io/sync-options';
/** Argo CD treats Helm's hooks as its own, and their weights as waves. */
const waiting = ['argocd.argoproj.io/sync-wave', 'argocd.argoproj.io/hook', 'helm.sh/hook', 'helm.sh/hook-weight'];
/** PruneLast creates a wave of its own; with confirm, a sync runs until somebody confirms it. */
const waitingOptions = /(^|,)\s*(PruneLast=true|(Prune|Delete)=confirm)\s*(,|$)/;

export function checkSyncOrder(manifest: Manifest): (Finding & { readonly path: FieldPath })[] {
  const annotations = manifest.metadata.annotations ?? {};
  const found = waiting.filter((name) => Object.hasOwn(annotations, name));
  if (waitingOptions.test(annotations[syncOptions] ?? '')) found.push(syncOptions);
  return found.map((name) => ({
    code: 'sync-order',
    path: ['metadata', 'annotations', name],
    message: safe`the annotation ${mask(name)} makes a sync wait, so a failing candidate could delay the commit that closes its mirror`,
    hint: safe`remove it: everything is applied in one wave, and the gate is the status file`,
  }));
}
