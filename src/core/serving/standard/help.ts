import { at } from '../../input/field-offer.ts';
import type { ModeHelp } from '../serving-mode.ts';

export const help: ModeHelp = {
  versions: 'gives each its own Pods',
  pods: 'NAME-predictor-…',
  namespaces: [],
  newModel: {
    label: 'a model in Standard mode',
    description: 'A new model file: KServe runs Pods for each version.',
    spec: { predictor: { model: { modelFormat: { name: at(2, 'sklearn') } } } },
    primary: { version: at(3, 'v1'), storageUri: at(4, 's3://models/wisdom-v1') },
  },
  annotations: {
    'serving.kserve.io/autoscalerClass': {
      description: 'Standard mode: what scales the Pods. none: nothing, so their number is minReplicas.',
      examples: ['hpa', 'none', 'external', 'keda'],
    },
  },
};
