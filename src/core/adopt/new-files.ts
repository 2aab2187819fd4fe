/**
 * A new model → the texts of its two files, with one comment per field for people who see such files for the first time.
 *
 * Invariant: read again, a file has the value that was written, whatever texts are in it.
 */
import type { PlainMap } from '../input/plain-value.ts';
import { toBlock } from '../manifests/manifest-text.ts';
import { modeNames } from '../serving/modes.ts';
import type { NewModel } from './new-model.ts';
import { toModelValue, toPolicyValue } from './new-model.ts';

/** What a field is for, by its path. */
type Comments = Readonly<Record<string, string>>;

function toModelComments({ name, namespace = '<namespace>' }: NewModel): Comments {
  return {
    'metadata.name': `clients call ${name}.${namespace}`,
    'metadata.namespace': "the namespace of its objects; without it, the Application's destination namespace",
    'spec.protocols': 'how clients call it',
    'spec.template': 'what the versions share',
    'spec.template.metadata.labels': 'of the InferenceService of each version',
    'spec.template.metadata.annotations': 'of the InferenceService of each version',
    'spec.template.metadata.annotations.serving.kserve.io/deploymentMode': `how KServe runs it: ${modeNames.join(' or ')}`,
    'spec.template.metadata.annotations.serving.kserve.io/secretKey': 'which entry of the Secret storage-config',
    'spec.template.spec.predictor.serviceAccountName': 'with whose Secrets the model is read',
    'spec.template.spec': "an InferenceService's spec, as KServe documents it",
    'spec.template.spec.predictor.model.modelFormat': 'what a serving runtime must support',
    'spec.template.spec.predictor.model.storage.key': 'an entry of the Secret storage-config',
    'spec.primary.overrides': 'what only this version has',
    'spec.primary.overrides.spec.predictor.model.storage.path': 'where it is in that storage',
    'spec.primary': 'the version that answers every request',
    'spec.primary.version': 'its name; becomes the label app.kubernetes.io/version',
    'spec.primary.storageUri': 'where the model is stored',
    'spec.primary.name': `of its InferenceService; without it, ${name}-0`,
    'spec.candidate': 'the version that gets copies of requests; its responses are discarded',
    'spec.candidate.name': `of its InferenceService; without it, ${name}-1`,
    'spec.candidate.overrides': 'what differs from the primary: a JSON merge patch (RFC 7386)',
  };
}

const policyComments: Comments = {
  'metadata.name': 'nothing refers to it',
  'spec.mirrorPercentage': 'the share of requests that is mirrored to a candidate; 0 is the brake',
  'spec.serving.allowRawDeployment': 'for KServe 0.15 and earlier, which do not know the name Standard',
};

/** @param schema the path of the JSON Schema for editors, from the file. */
export function toModelFile(model: NewModel, schema: string): string {
  return `${toSchemaLine(schema)}${toCommentedText(toModelValue(model), toModelComments(model))}`;
}

/** The policy that applies to it; undefined: there is nothing to set. */
export function toPolicyFile(model: NewModel, schema: string, isPercentageGiven: boolean): string | undefined {
  const value = toPolicyValue(model, isPercentageGiven);
  return value && `${toSchemaLine(schema)}${toCommentedText(value, policyComments)}`;
}

function toSchemaLine(schema: string): string {
  return `# yaml-language-server: $schema=${schema}\n`;
}

function toCommentedText(value: PlainMap, comments: Comments): string {
  return `${toBlock(value, '', (path) => comments[path.join('.')]).slice(1)}\n`;
}
