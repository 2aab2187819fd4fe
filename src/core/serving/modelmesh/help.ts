import { at } from '../../input/field-offer.ts';
import type { ModeHelp } from '../serving-mode.ts';

export const help: ModeHelp = {
  versions: 'loads them into shared ones',
  pods: 'modelmesh-serving-…',
  namespaces: ['modelmesh-serving'],
  newModel: {
    label: 'a model of ModelMesh',
    description: 'A new model file: ModelMesh loads each version into shared Pods, from an entry of storage-config.',
    spec: {
      predictor: { model: { modelFormat: { name: at(2, 'sklearn') }, storage: { key: at(3, 'localMinIO') } } },
    },
    primary: {
      version: at(4, 'v1'),
      overrides: { spec: { predictor: { model: { storage: { path: at(5, 'sklearn/wisdom-v1') } } } } },
    },
  },
  annotations: {
    'serving.kserve.io/secretKey': {
      description: 'ModelMesh: the entry of the Secret storage-config with which a storageUri is read.',
      examples: ['localMinIO', 'models'],
    },
  },
};
