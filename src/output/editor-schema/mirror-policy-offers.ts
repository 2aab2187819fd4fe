/** What editors offer for the fields of a policy that people write. The schema describes the fields. */
import type { FieldOffers } from '../../core/input/field-offer.ts';
import { at } from '../../core/input/field-offer.ts';
import { apiVersion } from '../../core/input/schema-parts.ts';
import { modes } from '../../core/serving/modes.ts';

const errors = { errors: { candidateOnly: at(1, '0.2%') } };
const slower = { slower: { than: 1.5, atMost: '5%' } };
const agreement = { agreement: { atLeast: at(2, '98%') } };
const hold = '30m';

export const mirrorPolicyOffers: FieldOffers = {
  '': {
    defaultSnippets: [
      {
        label: 'a policy',
        description: 'How much is mirrored.',
        body: {
          apiVersion,
          kind: 'MirrorPolicy',
          metadata: { name: at(1, 'wisdom') },
          spec: { mirrorPercentage: 5 },
        },
      },
      {
        label: 'a policy that judges candidates',
        description: 'How much is mirrored, and by what a candidate fails.',
        body: {
          apiVersion,
          kind: 'MirrorPolicy',
          metadata: { name: at(3, 'wisdom') },
          spec: { mirrorPercentage: 20, analysis: { share: 1, checks: [errors, slower, agreement] } },
        },
      },
    ],
  },
  'metadata.name': { examples: ['wisdom', 'all-models'] },
  'spec.mirrorPercentage': {
    defaultSnippets: [
      { label: '5', description: 'Five of a hundred requests are copied to the candidate.', body: 5 },
      { label: '20', description: 'One of five requests is copied to the candidate.', body: 20 },
      {
        label: '100',
        description: 'Every request is copied: the candidate needs as much room as the primary.',
        body: 100,
      },
      { label: 'brake (0)', description: 'No request is copied: this stops mirroring.', body: 0 },
    ],
  },
  'spec.analysis': {
    defaultSnippets: [
      {
        label: 'judge errors, slowness and answers',
        description: 'The comparer asks both versions what one of a hundred requests asks.',
        body: { share: 1, checks: [errors, slower, agreement] },
      },
      {
        label: 'judge errors alone',
        description: 'A candidate fails by requests that the primary answers and it does not.',
        body: { share: 1, checks: [errors] },
      },
    ],
  },
  'spec.analysis.share': { examples: [1, 5] },
  'spec.analysis.minSamples': { examples: [500, 5000] },
  'spec.analysis.confidence': { examples: [0.95, 0.99] },
  'spec.analysis.checks[]': {
    defaultSnippets: [
      { label: 'check errors', description: 'Requests that only the candidate fails.', body: errors },
      {
        label: 'check the error rate',
        description: 'Requests that the candidate fails, whatever the primary does.',
        body: { errors: { rate: at(1, '1%') } },
      },
      {
        label: 'check latency',
        description: 'Answers of the candidate that take too long.',
        body: { latency: { over: at(1, '200ms'), atMost: at(2, '1%') } },
      },
      {
        label: 'check slowness',
        description: 'Requests for which the candidate takes longer than the primary.',
        body: slower,
      },
      { label: 'check agreement', description: 'Whether both answer the same.', body: agreement },
      {
        label: 'check agreement of numbers',
        description: 'Answers agree whose numbers are close enough.',
        body: { agreement: { atLeast: at(1, '98%'), outputs: [{ name: at(2, 'scores'), abs: 1e-5, rel: 1e-3 }] } },
      },
    ],
  },
  'spec.analysis.checks[].errors.candidateOnly': { examples: ['0.2%', '1%'] },
  'spec.analysis.checks[].errors.rate': { examples: ['1%', '0.5%'] },
  'spec.analysis.checks[].latency.over': { examples: ['200ms', '1s'] },
  'spec.analysis.checks[].latency.atMost': { examples: ['1%', '5%'] },
  'spec.analysis.checks[].slower.than': { examples: [1.5, 2] },
  'spec.analysis.checks[].slower.atMost': { examples: ['5%', '1%'] },
  'spec.analysis.checks[].agreement.atLeast': { examples: ['98%', '99.5%'] },
  'spec.analysis.checks[].agreement.withinNoise': { examples: ['1%', '2%'] },
  'spec.analysis.checks[].agreement.outputs[].name': { examples: ['scores', '$.choices[*].message.content'] },
  'spec.analysis.checks[].agreement.outputs[].abs': { examples: [1e-5, 1e-3] },
  'spec.analysis.checks[].agreement.outputs[].rel': { examples: [1e-3, 1e-2] },
  'spec.analysis.checks[].agreement.ignore': { examples: [['$.id'], ['$.id', '$.created']] },
  'spec.analysis.comparer.service': { examples: ['model-mirror-comparer.model-mirror.svc.cluster.local'] },
  'spec.analysis.comparer.port': { examples: [80] },
  'spec.ramp': {
    defaultSnippets: [
      {
        label: 'ramp',
        description: 'The mirror opens step by step, while an analysis finds the candidate Passing.',
        body: { steps: [1, 5, 20, 50], hold },
      },
    ],
  },
  'spec.ramp.steps': { examples: [[1, 5, 20, 50]] },
  // An entry is never absent: this is what editors put into a new list, which would be 0 otherwise.
  'spec.ramp.steps[]': { default: 1 },
  'spec.ramp.hold': { default: hold, examples: [hold, '2h', '24h'] },
  'spec.routing.api': { examples: ['Istio'] },
  'spec.routing.hosts': { examples: [['wisdom.example.com']] },
  'spec.routing.clusterDomain': { examples: ['cluster.local'] },
  'spec.routing.gateway.name': { examples: ['istio-system/public-gateway', 'mm-gateway'] },
  'spec.routing.gateway.namespaces': { examples: [['models']] },
  'spec.routing.gateway.selector': { examples: [{ istio: 'ingressgateway' }] },
  'spec.routing.gateway.port': { examples: [80] },
  'spec.routing.mirrorGateway.name': { examples: ['model-mirror/model-mirror-gateway'] },
  'spec.routing.mirrorGateway.namespaces': { examples: [['models']] },
  'spec.routing.mirrorGateway.selector': { examples: [{ istio: 'egressgateway' }] },
  'spec.routing.mirrorGateway.service': {
    examples: ['model-mirror-gateway.model-mirror.svc.cluster.local'],
  },
  'spec.routing.mirrorGateway.port': { examples: [443, 80] },
  'spec.routing.service.host': {
    examples: modes.flatMap(({ ownServices }) => ownServices.map((name) => `${name}.models.svc.cluster.local`)),
  },
  'spec.routing.service.port': { examples: [8033] },
  'spec.routing.timeout': { examples: ['30s', '5m'] },
  'spec.routing.mirrorTimeout': { examples: ['2s', '10s'] },
  'spec.routing.maxCopiesInFlight': { examples: [10, 50] },
  'spec.limits.maxMirrorPercentage': { examples: [20, 5] },
  'spec.limits.storageUriPrefixes': { examples: [['s3://models'], ['s3://models/team-a', 'gs://models/team-a']] },
  'spec.patches[]': {
    defaultSnippets: [
      {
        label: 'patch',
        description: 'Sets a field of rendered objects.',
        body: {
          target: { kind: 'InferenceService' },
          patch: [{ op: 'add', path: at(1, '/metadata/annotations/example.com~1team'), value: at(2, 'ranking') }],
        },
      },
    ],
  },
  'spec.patches[].target.kind': { examples: ['InferenceService', 'VirtualService', 'DestinationRule'] },
  'spec.patches[].target.name': { examples: ['wisdom', 'wisdom-1'] },
};
