import { modelMesh } from './modelmesh/modelmesh.ts';

/** The serving mode of all models. */
export const mode = modelMesh;
