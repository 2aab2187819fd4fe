/** The providers of the port `ServingMode`. */
import { modelMesh } from './modelmesh/modelmesh.ts';
import type { ServingMode } from './serving-mode.ts';

export const modes: readonly [ServingMode, ...ServingMode[]] = [modelMesh];

/** The serving mode of all models, as long as there is one. */
export const mode = modes[0];
