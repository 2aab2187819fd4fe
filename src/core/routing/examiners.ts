import { istioExaminer } from './istio/examine.ts';

/** Of the router of all models. */
export const examiner = istioExaminer;
