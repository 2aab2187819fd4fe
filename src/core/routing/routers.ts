import { istio } from './istio/istio.ts';

/** The router of all models. */
export const router = istio;
