/** What a reviewer should look at twice, in words. */
import type { FirstOpening, GuardrailValue, Return, RiskFinding } from '../../core/change/risk.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';

/** Sentences without their full stops. */
export interface RiskText {
  /** What may go wrong. */
  readonly message: SafeText;
  readonly hint: SafeText;
}

/** @param model the name of the model that it is about; undefined: of several. */
export function toRiskText(risk: RiskFinding, model: string | undefined): RiskText {
  switch (risk.code) {
    case 'candidate-equals-primary':
      return {
        message: safe`the candidate ${mask(risk.candidate)} has the same spec as the primary: comparing them shows nothing`,
        hint: safe`fix its storageUri, unless you only want to try the mirror`,
      };
    case 'candidate-returns':
      return { message: toReturnText(risk), hint: safe`${waitForWatcher}; to undo a promotion, roll it back instead` };
    case 'extra-load-raised':
      return {
        message: safe`the primary executes ${risk.to} % of requests again for the analysis, which is above ${risk.most} %: by the pods that answer clients`,
        hint: safe`start with a share of 1, and raise it only where a verdict takes too long`,
      };
    case 'first-opening':
      return { message: toOpeningText(risk), hint: toSmallerStep(model ?? 'MODEL') };
    case 'guardrail-touched':
      return {
        message: safe`${risk.field} changes from ${toValue(risk.from)} to ${toValue(risk.to)}${
          risk.cause === 'policy-edited'
            ? ', for every model that this policy applies to'
            : ', since the model moves to where other policies apply'
        }`,
        hint: safe`have it reviewed by the people who set it`,
      };
    case 'hosts-changed': {
      const { added, removed } = risk;
      const [gone, come] = [removed, added].map((hosts) => join(hosts.map(mask), ', ')) as [SafeText, SafeText];
      const parts = [
        ...(removed.length === 0
          ? []
          : [safe`${gone} no longer ${removed.length === 1 ? 'leads' : 'lead'} to the model`]),
        ...(added.length === 0 ? [] : [safe`requests for ${come} now go to it`]),
      ];
      return {
        message: join(parts, ', and '),
        hint: safe`make sure that the clients know, and that no other route has the host`,
      };
    }
    case 'model-removed': {
      const { from, renamedTo } = risk;
      const lost = safe`requests for ${mask(from.name)}.${mask(from.namespace)} are no longer answered`;
      if (renamedTo === undefined)
        return { message: safe`the model is removed: ${lost}`, hint: safe`make sure that no client calls it` };
      return {
        message: safe`the model ${mask(from.name)} is renamed to ${mask(renamedTo)}: ${lost}`,
        hint: safe`add the new one first, move the clients, and then remove the old one`,
      };
    }
    case 'namespace-changed': {
      const { from, to } = risk;
      return {
        message: safe`the model moves from the namespace ${mask(from.namespace)} to ${mask(to)}, where it is loaded again: requests for ${mask(from.name)}.${mask(from.namespace)} are no longer answered`,
        hint: safe`add it there first, move the clients, and then remove the old one`,
      };
    }
    case 'mode-changed': {
      const { from, to, services } = risk;
      return {
        message: safe`the mode changes from ${mask(from)} to ${mask(to)}, and KServe refuses that for an InferenceService that exists: ${join(services.map(mask), ', ')}`,
        hint: safe`add a model with this mode first, move the clients, and then remove the old one`,
      };
    }
    case 'percentage-raised': {
      const from = risk.from === undefined ? '' : safe` from ${risk.from} %`;
      return {
        message: safe`the mirror is raised${from} to ${risk.to} %, which is above ${risk.threshold} %: ${toLoadText(risk)}`,
        hint: safe`raise it in steps, and watch the load of the pods`,
      };
    }
    case 'primary-renamed':
      return {
        message: safe`the primary's InferenceService ${mask(risk.from)} is replaced by ${mask(risk.to)}: requests fail from the removal of one until the other is loaded`,
        hint: safe`keep the name, as in name: ${mask(risk.from)}`,
      };
    case 'primary-unproven':
      return toUnprovenText(risk);
    case 'protocols-removed':
      return {
        message: safe`the model is no longer called by ${join(risk.protocols.map(mask), ' or ')}: clients that do so will fail`,
        hint: safe`move these clients first`,
      };
    case 'status-edited':
      return {
        message: safe`this file, which records the observed state of the cluster, is edited or removed by hand: that can open a mirror`,
        hint: safe`leave it to the watcher; merge the default branch to get what it wrote`,
      };
  }
}

function toLoadText({ sharesPods }: { readonly sharesPods: boolean }): SafeText {
  return sharesPods
    ? safe`primary and candidate share their runtime pods`
    : safe`the candidate's pods get that load at once, and so do the nodes and stores that it shares with others`;
}

function toUnprovenText(risk: Extract<RiskFinding, { readonly code: 'primary-unproven' }>): RiskText {
  switch (risk.cause) {
    case 'spec':
      return {
        message: safe`the spec of the primary changes in place, and no candidate with this spec was ever observed to be ready`,
        hint: declareFirst,
      };
    case 'version':
      return {
        message: safe`the primary changes from ${mask(risk.from)} to ${mask(risk.to)}, which was not promoted from a ready candidate`,
        hint: declareFirst,
      };
    case 'annotations': {
      const names = risk.annotations.map(
        (change) =>
          safe`${mask('label' in change ? change.label : change.annotation)}${change.isPatched ? ' (by a patch)' : ''}`,
      );
      return {
        message: safe`${join(names, ' and ')} of the primary ${names.length === 1 ? 'changes' : 'change'} in place, and with that what the server loads`,
        hint: safe`try it with a candidate first, in the candidate's overrides`,
      };
    }
  }
}

const declareFirst = safe`declare it as the candidate first, and promote it when it is ready`;

/** What to do about it. */
export const waitForWatcher = safe`wait for the watcher's next commit, which reports that it is gone`;

/** That a mirror opens by an old status file. */
export function toReturnText({ candidate }: Omit<Return, 'code'>): SafeText {
  return safe`the mirror opens to ${mask(candidate)} before it is loaded again: the status file still reports it as Ready, from before it was removed`;
}

/** That a mirror opens at a large share at once. */
export function toOpeningText(opening: Omit<FirstOpening, 'code'>): SafeText {
  const { percentage, isDefault, threshold } = opening;
  return safe`the mirror opens at ${percentage} %${isDefault ? ' (the default)' : ''} in one step, which is above ${threshold} %: ${toLoadText(opening)}`;
}

/** How to open it in steps. @param flags by which the same model is found, each after a space. */
export function toSmallerStep(model: string, flags = ''): SafeText {
  return safe`start with a small share, for example \`model-mirror mirror ${mask(model)} 5 --here${mask(flags)}\`, and raise it in steps`;
}

function toValue(value: GuardrailValue): SafeText {
  return value === undefined ? safe`nothing` : mask(value);
}
