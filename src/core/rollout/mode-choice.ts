/** Which serving mode a model file chooses, by KServe's annotation, and what is wrong with the choice. */
import type { FieldPath, Finding, Problem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { suggest } from '../diagnostics/suggest.ts';
import { listCandidates } from '../input/candidates.ts';
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { Model, ModelVersion } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { findMode, modeNames, modes } from '../serving/modes.ts';
import type { ServingMode } from '../serving/serving-mode.ts';
import { deploymentModeAnnotation } from '../serving/serving-mode.ts';
import type { EffectivePolicy } from './effective-policy.ts';

const annotation: FieldPath = ['metadata', 'annotations', deploymentModeAnnotation];
/** Both names of the mode in which Knative runs the models; Serverless up to KServe 0.15. */
const ofKnative: readonly unknown[] = ['Knative', 'Serverless'];

/** The mode of the primary; where it has none that is supported, the first of all, and `checkModes` says so. */
export function chooseMode(model: Model): ServingMode {
  return findMode(findWritten(model, model.spec.primary, ['spec', 'primary']).value) ?? modes[0];
}

export function checkModes(
  { source, model }: { readonly source: SourceFile; readonly model: Model },
  policy: Pick<EffectivePolicy, 'serving'>,
): Problem[] {
  const report = (path: FieldPath, finding: Finding | undefined) =>
    finding === undefined ? [] : [toProblem(source, path, finding, { on: 'value' })];
  const primary = findWritten(model, model.spec.primary, ['spec', 'primary']);
  const candidates = listCandidates(model).map(({ declared, path }) => findWritten(model, declared, path));
  return [
    ...report(primary.path, refuseValue(primary.value, policy)),
    ...candidates
      .filter(({ value }) => value !== primary.value)
      .flatMap(({ value, path }) =>
        report(path, refuseValue(value, policy) ?? refuseDifference(findMode(primary.value), findMode(value))),
      ),
  ];
}

/** The value of the annotation for a version, and where it is written, or would be. */
function findWritten(
  { spec: { template } }: Model,
  { overrides }: ModelVersion,
  path: FieldPath,
): { readonly value: unknown; readonly path: FieldPath } {
  const own = valueAt(overrides, annotation);
  if (own !== undefined) return { value: own ?? undefined, path: [...path, 'overrides', ...annotation] };
  return { value: valueAt(template, annotation) ?? undefined, path: ['spec', 'template', ...annotation] };
}

function refuseValue(value: unknown, { serving }: Pick<EffectivePolicy, 'serving'>): Finding | undefined {
  const choice = join(modeNames.map(mask), ' or ');
  if (value === undefined)
    return {
      code: 'missing-field',
      message: safe`the annotation ${deploymentModeAnnotation} is missing, so the cluster's default would apply`,
      hint: safe`add ${deploymentModeAnnotation}: ${choice} to spec.template.metadata.annotations`,
    };
  const refuse = (message: SafeText, hint: SafeText): Finding => ({ code: 'deployment-mode', message, hint });
  const written = quote(String(value));
  const mode = findMode(value);
  if (mode !== undefined) {
    const [current] = mode.annotationValues;
    if (value === current || serving.allowRawDeployment) return undefined;
    return refuse(
      safe`deploymentMode ${written} is the former name of ${mask(current)}: KServe 0.16 and later rewrite it, so Argo CD would never be in sync`,
      safe`write ${mask(current)}; for an older KServe, set spec.serving.allowRawDeployment: true in a policy`,
    );
  }
  if (ofKnative.includes(value))
    return refuse(
      safe`models of deploymentMode ${written} cannot be mirrored: Knative routes their requests itself, to revisions that it starts and stops`,
      safe`deploy it as ${choice}, under another name: KServe changes the mode of no InferenceService`,
    );
  const meant = suggest(String(value), modeNames);
  return refuse(
    safe`deploymentMode ${written} is not supported`,
    meant === undefined ? safe`write ${choice}` : safe`did you mean "${mask(meant)}"?`,
  );
}

function refuseDifference(primary: ServingMode | undefined, candidate: ServingMode | undefined): Finding | undefined {
  if (primary === undefined || candidate === undefined || primary === candidate) return undefined;
  return {
    code: 'deployment-mode',
    message: safe`the candidate's deploymentMode is ${mask(candidate.name)} and the primary's is ${mask(primary.name)}, but the versions of a model have one mode`,
    hint: safe`remove it here; another mode needs a model of its own`,
  };
}
