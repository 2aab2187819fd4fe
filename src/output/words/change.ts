/** What happens to a model, in words. */
import type { Change, ChangedVersion, MirrorChange } from '../../core/change/change.ts';
import type { ChangedModel } from '../../core/change/changed-models.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toExtraLoadText } from './extra-load.ts';
import { toReasonText } from './gate.ts';
import { toStepsText, toStepText } from './ramp.ts';

/** One line per change: `wisdom: candidate v2 is discarded`. */
export function toChangeLines(models: readonly ChangedModel[]): SafeText[] {
  return models.flatMap(({ name, changes }) => changes.map((change) => safe`${mask(name)}: ${toChangeText(change)}`));
}

/** All changes of a model as one sentence, without its name and without a full stop. */
export function toSummary(changes: readonly Change[]): SafeText {
  return join(changes.map(toChangeText), '; ');
}

/** A clause: `candidate v2 → v3 (s3://models/v3)`. */
export function toChangeText(change: Change): SafeText {
  switch (change.code) {
    case 'model-added':
      return safe`a new model; primary ${toVersionText(change.primary)}`;
    case 'model-removed':
      return safe`the model is removed, with its routes`;
    case 'model-renamed':
      return safe`the model is renamed from ${mask(change.from)} to ${mask(change.to)}`;
    case 'namespace-changed':
      return safe`namespace ${mask(change.from)} → ${mask(change.to)}`;
    case 'mode-changed':
      return safe`the mode changes from ${mask(change.from)} to ${mask(change.to)}`;
    case 'file-moved':
      return safe`moved from ${mask(change.from)} to ${mask(change.to)}`;
    case 'primary-promoted':
      return safe`promoted: primary ${mask(change.from.version)} → ${toVersionText(change.to)}`;
    case 'primary-changed':
      return safe`primary ${mask(change.from.version)} → ${toVersionText(change.to)}`;
    case 'candidate-changed':
      return safe`candidate ${mask(change.from.version)} → ${toVersionText(change.to)}`;
    case 'candidate-declared':
      return safe`candidate ${toVersionText(change.candidate)} is declared`;
    case 'candidate-discarded':
      return safe`candidate ${mask(change.candidate.version)} is discarded`;
    case 'storage-moved':
      return safe`${change.role} ${mask(change.version)}: ${change.field} ${toLocation(change.from)} → ${toLocation(change.to)}`;
    case 'version-redeclared':
      return safe`other fields of ${change.role} ${mask(change.version)} change`;
    case 'inference-service-renamed':
      return safe`the ${change.role}'s InferenceService ${mask(change.from)} is replaced by ${mask(change.to)}`;
    case 'spec-changed':
      return safe`the ${change.role}'s spec changes`;
    case 'annotation-changed':
      return safe`the ${change.role}'s annotation ${mask(change.annotation)} changes`;
    case 'annotation-patched':
      return safe`the ${change.role}'s annotation ${mask(change.annotation)} changes (by a patch)`;
    case 'label-changed':
      return safe`the ${change.role}'s label ${mask(change.label)} changes`;
    case 'label-patched':
      return safe`the ${change.role}'s label ${mask(change.label)} changes (by a patch)`;
    case 'percentage-changed': {
      const from = change.from === undefined ? '' : safe`${change.from} % → `;
      return safe`mirror ${from}${change.to} %${change.hasCandidate ? '' : ' for the next candidate'}${change.inSteps ? ', in the steps of the ramp' : ''}`;
    }
    case 'gate-changed':
      return safe`gate ${change.from} → ${change.to}`;
    case 'analysis-added':
      return safe`an analysis with ${change.checks} ${change.checks === 1 ? 'check' : 'checks'}`;
    case 'analysis-changed':
      return change.restarts
        ? safe`the analysis changes, and counting begins again`
        : safe`the analysis changes, and what was counted stays`;
    case 'analysis-removed':
      return safe`no analysis any more`;
    case 'ramp-changed': {
      const { from, to, restarts } = change;
      const again = restarts ? ', and counting begins again' : '';
      if (to === undefined) return safe`no ramp any more${again}`;
      return from === undefined
        ? safe`a ramp of ${toStepsText(to)}${again}`
        : safe`ramp ${toStepsText(from)} → ${toStepsText(to)}${again}`;
    }
    case 'extra-load':
      return safe`while the mirror is open, ${toExtraLoadText(change)}`;
    case 'host-added':
      return safe`host ${mask(change.host)} is added`;
    case 'host-removed':
      return safe`host ${mask(change.host)} is removed`;
    default:
      return toMirrorText(change);
  }
}

function toMirrorText(change: MirrorChange): SafeText {
  const why = toReasonText(change.reason);
  switch (change.code) {
    case 'mirror-opened':
      return safe`the mirror opens at ${change.percentage} %: ${why}`;
    case 'step-changed':
      return safe`the mirror goes to ${toStepText({ ...change, step: change.step - 1 })}: ${change.percentage} %`;
    case 'share-changed':
      return safe`the mirror goes from ${change.from} % to ${change.percentage} %`;
    case 'mirror-stays-open':
      return safe`the mirror stays open at ${change.percentage} %: ${why}`;
    default: {
      const { code, candidate, opensAt, reason } = change;
      const closed = code === 'mirror-closed' ? safe`the mirror closes` : safe`the mirror stays closed`;
      if (opensAt === undefined) return safe`${closed}: ${why}`;
      const failed = reason.code === 'not-ready' && reason.state === 'Failed' ? safe`; now ${why}` : '';
      return safe`${closed} until ${mask(candidate)} is ready, then opens at ${opensAt} %${failed}`;
    }
  }
}

export function toVersionText({ version, location }: ChangedVersion): SafeText {
  return location === undefined ? mask(version) : safe`${mask(version)} (${mask(location)})`;
}

function toLocation(location: string | undefined): SafeText {
  return mask(location ?? 'in the spec');
}
