/** What editors offer for the fields of a model that people write. The schema describes the fields. */
import type { FieldOffer, FieldOffers, Snippet } from '../../core/input/field-offer.ts';
import { at } from '../../core/input/field-offer.ts';
import { apiVersion } from '../../core/input/schema-parts.ts';
import { modes, offeredModes } from '../../core/serving/modes.ts';
import type { AnnotationHelp, ServingMode } from '../../core/serving/serving-mode.ts';
import { deploymentModeAnnotation } from '../../core/serving/serving-mode.ts';

const candidate = { version: at(1, 'v2'), storageUri: at(2, 's3://models/wisdom-v2') };
const storagePath = (path: string) => ({ spec: { predictor: { model: { storage: { path } } } } });
const candidateSnippets: readonly Snippet[] = [
  { label: 'candidate', description: 'A second version, which gets copies of requests.', body: candidate },
  {
    label: 'candidate in a storage of the cluster',
    description: 'For a template with storage.key: the version has a path of its own.',
    body: { version: at(1, 'v2'), overrides: storagePath(at(2, 'sklearn/wisdom-v2')) },
  },
];

const addresses = [
  's3://models/wisdom-v1',
  'gs://models/wisdom-v1',
  'pvc://models/wisdom-v1',
  'https://example.com/wisdom-v1.tar.gz',
  'hf://org/wisdom',
  'oci://registry.example.com/models/wisdom:v1',
];

const version: FieldOffer = { examples: ['v1', 'v2', '2026-11-26'] };
const storageUri: FieldOffer = { examples: addresses };
const overrides: FieldOffer = {
  defaultSnippets: [
    {
      label: 'another path in the storage',
      description: 'Where this version is, in the storage that the template names.',
      body: storagePath(at(1, 'sklearn/wisdom-v2')),
    },
    {
      label: 'more memory',
      description: 'What differs from the template; all else stays.',
      body: { spec: { predictor: { model: { resources: { limits: { memory: at(1, '4Gi') } } } } } },
    },
  ],
};

export const modelOffers: FieldOffers = {
  '': {
    defaultSnippets: offeredModes.map(toNewModel),
  },
  'metadata.name': { examples: ['wisdom', 'fraud-detection'] },
  'metadata.namespace': { examples: ['models', ...modes.flatMap(({ help }) => help.namespaces)] },
  'spec.protocols': {
    examples: [['rest'], ['grpc'], ['grpc', 'rest'], ['openai']],
  },
  'spec.template.metadata.labels': { examples: [{ team: 'ranking' }] },
  'spec.primary.version': version,
  'spec.primary.storageUri': storageUri,
  'spec.primary.name': { examples: ['wisdom-0', 'wisdom-blue'] },
  'spec.primary.overrides': overrides,
  'spec.candidate': { defaultSnippets: candidateSnippets },
  'spec.candidate.version': version,
  'spec.candidate.storageUri': storageUri,
  'spec.candidate.name': { examples: ['wisdom-1', 'wisdom-green'] },
  'spec.candidate.overrides': overrides,
  'spec.candidates[]': { defaultSnippets: candidateSnippets },
  'spec.candidates[].version': version,
  'spec.candidates[].storageUri': storageUri,
  'spec.candidates[].name': { examples: ['wisdom-1', 'wisdom-green'] },
  'spec.candidates[].overrides': overrides,
};

/** The annotations by which KServe decides how it runs and reads a model. */
export const annotationHelp: Readonly<Record<string, AnnotationHelp>> = {
  [deploymentModeAnnotation]: {
    description: `How KServe runs the versions: ${offeredModes.map(({ name, help }) => `${name} ${help.versions}`).join(', ')}.`,
    examples: offeredModes.map(({ annotationValues: [value] }) => value),
  },
  ...Object.assign({}, ...modes.map(({ help }) => help.annotations)),
};

function toNewModel({ annotationValues: [mode], help }: ServingMode): Snippet {
  const { label, description, spec, primary } = help.newModel;
  const template = { metadata: { annotations: { [deploymentModeAnnotation]: mode } }, spec };
  const body = { apiVersion, kind: 'Model', metadata: { name: at(1, 'wisdom') }, spec: { template, primary } };
  return { label, description, body };
}
