import type { Assessment } from '../../core/assess/assess-model.ts';
import type { Goal } from '../../core/assess/goal.ts';
import type { FailureCause, NextStep } from '../../core/assess/next-step.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import { digestAnnotation } from '../../core/manifests/manifest.ts';
import type { Look } from '../../core/serving/cause.ts';
import { toPendingText } from './pending.ts';
import { toStepText } from './ramp.ts';
import type { Wording } from './wording.ts';

/** What KServe's reasons for a failure mean for a field (pkg/apis/serving/v1beta1, FailureReason). */
const meanings: Readonly<Record<string, SafeText>> = {
  InvalidPredictorSpec: safe`KServe does not accept it`,
  NoSupportingRuntime: safe`no ServingRuntime supports it`,
  RuntimeDisabled: safe`that ServingRuntime is disabled`,
  RuntimeNotRecognized: safe`KServe does not find the ServingRuntime`,
};

/** The one thing to do next: an imperative clause, with a command to copy wherever one helps. */
export function toNextText(
  { name, namespace, source, next }: Pick<Assessment, 'name' | 'namespace' | 'source' | 'next'>,
  wording: Wording,
): SafeText {
  const { toPath, toWord } = wording;
  const command = (words: string) => mask(`\`model-mirror ${words}${wording.flags}\``);
  const inNamespace = namespace === undefined ? '' : ` -n ${namespace}`;
  const look = (goal: Goal | undefined) => toLookCommand(name, goal, wording);
  const orDiscard = safe`, or discard the candidate with ${command(`discard ${name}`)}`;
  switch (next.code) {
    case 'commit':
    case 'push':
      return toPendingText(next, wording);
    case 'follow-hint':
      return mask(next.hint);
    case 'choose-cluster':
      return safe`choose one of the clusters that have status files (${join(next.clusters.map(mask), ', ')}): ${command(`status ${name} --cluster ${next.clusters[0] ?? ''}`)}`;
    case 'wait-for-status':
      return safe`${toWait(next)} for the watcher to write ${mask(toPath(next.file))}: ${look(next.goal)}; if it does not, check that the watcher runs and watches this branch and path`;
    case 'wait-for-sync':
      return safe`${toWait(next)} for Argo CD to apply it${source === 'git' ? ' and the watcher to report it' : ''}: ${look(next.goal)}; if nothing changes, check the Application in Argo CD`;
    case 'wait-for-watcher':
      return safe`wait for the watcher to commit it: ${look(undefined)}; if it does not, check that the watcher runs and can push`;
    case 'fix-failure':
      return safe`${toCheckText(next.cause, toPath, inNamespace)}${next.role === 'candidate' ? orDiscard : ', and push what fixes it'}`;
    case 'wait-for-load': {
      const otherwise = next.role === 'candidate' ? orDiscard : '';
      return safe`${toLoadText(next, look(next.goal), inNamespace)}${otherwise}`;
    }
    case 'open-mirror': {
      const at = next.here ? ' --here' : next.policy === undefined ? '' : ` --at ${toWord(next.policy)}`;
      return safe`open the mirror at ${next.percentage} % with ${command(`mirror ${name} ${next.percentage}${at}`)}`;
    }
    case 'raise-limit':
      return safe`raise limits.maxMirrorPercentage${next.place === undefined ? '' : safe` in ${mask(toPath(next.place.file))}:${next.place.line}`}, which keeps the mirror closed`;
    case 'set-candidate':
      return safe`nothing to do; to try another version, run ${command(`candidate set ${name} --version VERSION ${next.flag} ${next.flag === '--storage-uri' ? 'URI' : 'PATH'}`)}`;
    case 'wait-for-passing': {
      const then =
        next.then === undefined
          ? safe`promote it with ${command(`promote ${name}`)}`
          : safe`the mirror goes to ${toStepText(next.then)}, ${next.then.percentage} %`;
      return safe`wait until ${mask(next.version)} is Passing (${command(`analysis ${name}`)} shows how far it is), then ${then}${orDiscard}`;
    }
    case 'fix-failing':
      return safe`fix ${mask(next.version)} (${command(`analysis ${name}`)} shows the checks that it fails)${orDiscard}`;
    case 'judge-candidates':
      return safe`check how ${join(next.candidates.map(toShareText), ' and ')}, then promote it with ${command(`promote ${name}`)}${orDiscard}`;
  }
}

function toShareText({ version, percentage }: { readonly version: string; readonly percentage: number }): SafeText {
  return percentage > 0
    ? safe`${mask(version)} does with ${percentage} % of the requests`
    : safe`${mask(version)} does`;
}

/** Shows the model again, at best once what is waited for is there. */
function toLookCommand(name: string, goal: Goal | undefined, { flags, look }: Wording): SafeText {
  const status = `model-mirror status ${name}${flags}`;
  // What only this clone shows does not change while it waits.
  if (look === '') return mask(`\`git pull && ${status}\``);
  return mask(`\`${status}${look}${goal === undefined ? '' : ` --wait ${goal}`}\``);
}

function toWait({ mayNeedPush }: { readonly mayNeedPush: boolean }): SafeText {
  return mayNeedPush ? safe`push your commits if you have not yet, then wait` : safe`wait`;
}

function toCheckText(cause: FailureCause, toPath: (file: string) => string, inNamespace: string): SafeText {
  switch (cause.code) {
    case 'field': {
      const { field, place, reason } = cause;
      const meaning = meanings[reason];
      return safe`check ${mask(field)} in ${mask(toPath(place.file))}:${place.line}${meaning === undefined ? '' : safe` (${meaning})`}`;
    }
    case 'runtime-pods':
      return safe`check the Pods of its ServingRuntime with ${mask(`\`kubectl get pods${inNamespace}\``)}`;
    case 'workloads': {
      const { field, look, selector } = cause;
      const lookup = toLookupText(look, `${inNamespace} -l ${selector}`);
      return field === undefined
        ? safe`check ${lookup}`
        : safe`check ${mask(field.name)} in ${mask(toPath(field.place.file))}:${field.place.line}, and ${lookup}`;
    }
    case 'service':
      return safe`check ${toReportText(cause.name, inNamespace)}`;
  }
}

/** @param selected the namespace and the label selector, as flags of kubectl. */
function toLookupText(look: Look, selected: string): SafeText {
  switch (look.at) {
    case 'pods':
      return safe`its Pods with ${mask(`\`kubectl describe pods${selected}\``)}`;
    case 'replicasets':
      return safe`why no Pod is created with ${mask(`\`kubectl describe replicasets${selected}\``)}`;
    case 'log':
      // It selects the Pods that still serve as well: a prefix tells them apart.
      return safe`the log with ${mask(`\`kubectl logs${selected} -c ${look.container} --prefix --tail=20\``)}`;
  }
}

function toReportText(name: string, inNamespace: string): SafeText {
  return safe`what KServe reports with ${mask(`\`kubectl describe inferenceservice ${name}${inNamespace}\``)}`;
}

function toLoadText(
  { by, name, headers, controller, selector }: Extract<NextStep, { code: 'wait-for-load' }>,
  look: SafeText,
  inNamespace: string,
): SafeText {
  switch (by) {
    case 'stopped':
      return safe`remove the annotation serving.kserve.io/stop from ${mask(name)}, in its model file or with ${mask(`\`kubectl annotate inferenceservice ${name}${inNamespace} serving.kserve.io/stop-\``)}`;
    case 'deleting':
      return safe`wait until it is deleted and Argo CD has created it again: ${look}`;
    case 'runtime': {
      const [header] = Object.entries(headers);
      const request =
        header === undefined ? safe`any request` : safe`a request with ${mask(`${header[0]}: ${header[1]}`)}`;
      return safe`wait until a runtime Pod of the namespace is ready: ${look}; if it stays Pending after that, ${request} makes it load, and so does a change of what it loads, such as storageUri`;
    }
    case 'scaled-to-zero':
      return safe`scale it up, and set minReplicas: 1 in its predictor to keep a Pod: without one nothing answers, and the mirror to it stays closed`;
    case 'digest-not-copied':
      return safe`remove ${digestAnnotation} from serviceAnnotationDisallowedList in the ConfigMap inferenceservice-config of KServe: without it on the Pods nobody can tell when they run this version`;
    case 'workloads-not-visible':
      return safe`give the watcher the right to list Deployments and Pods, as plugin/chart does (watcher.readWorkloads); if it has it, check that serviceLabelDisallowedList in the ConfigMap inferenceservice-config of KServe keeps no label off them`;
    case 'edited-by-hand':
      return safe`check that ${mask(controller)} runs, as it restores what was edited: ${look}; if it runs and the state stays, replace its Pods with ${mask(`\`kubectl rollout restart deployments${selector === undefined ? '' : ` -l ${selector}`}${inNamespace}\``)}`;
    case 'not-reported':
      return safe`its Pods are ready; wait until KServe reports it Ready: ${look}; if it does not, check ${toReportText(name, inNamespace)}`;
    case 'pending': {
      const otherwise =
        selector === undefined
          ? safe`or change what it loads, such as storageUri`
          : safe`and ${toReportText(name, inNamespace)}`;
      return safe`wait until it is Ready or Failed: ${look}; if it stays Pending, check that ${mask(controller)} runs, ${otherwise}`;
    }
    case 'loading': {
      const progress =
        selector === undefined
          ? ''
          : safe`; ${mask(`\`kubectl get pods${inNamespace} -l ${selector}\``)} shows how far it is`;
      return safe`wait until it is Ready or Failed: ${look}${progress}`;
    }
  }
}
