/**
 * Names that change how requests travel. KServe calls the port of its own Service like that Service, unless the server
 * declares a port, and Istio takes the word before the first "-" of a port's name for its protocol (istio
 * pkg/config/kube/conversion.go). In a pod's proxy the oldest Service of a port decides for all of them
 * (pilot/pkg/networking/core/listener_inbound.go), and where a running model is taken over, that is KServe's. Executed, in
 * a STRICT mesh: HTTP/1.1 to such a pod gets 502 by our Services too, where it is taken for HTTP/2; nothing gets through
 * KServe's own Service where it is taken for UDP; everything does with http, https, mongo, mysql, redis, tcp and tls.
 */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../diagnostics/safe-text.ts';
import { isMap, mapsAt } from '../../input/plain-value.ts';
import type { Protocol } from '../../input/schema.ts';
import { isHttp } from '../protocol.ts';
import type { InferenceService, PlacedFinding } from '../serving-mode.ts';
import type { PlacedContainer } from './containers.ts';
import { findPredictor, findTransformer } from './containers.ts';
import { toPredictorName } from './names.ts';

const takenFor: ReadonlyMap<string, SafeText> = new Map([
  ['grpc', safe`HTTP/2`],
  ['http2', safe`HTTP/2`],
  ['udp', safe`UDP`],
]);

export function checkProtocolWord(
  { metadata: { name }, spec }: InferenceService,
  protocols: readonly Protocol[],
): PlacedFinding[] {
  const word = name.split('-')[0] ?? '';
  const protocol = takenFor.get(word);
  if (protocol === undefined) return [];
  const [predictor, transformer] = [findPredictor(spec), findTransformer(spec)];
  const isOwnPod = isMap(spec['transformer']);
  const ofPredictor = toPredictorName({ name, spec });
  const report = (service: string, consequence: SafeText, severity: 'error' | 'warning'): PlacedFinding[] => [
    {
      path: ['metadata', 'name'],
      severity,
      code: 'name-refused',
      message: safe`in a mesh, the port of KServe's Service ${mask(service)} is taken for ${protocol}, as the name ${quote(name)} begins with ${quote(word)}: ${consequence}`,
      hint: safe`rename it, or declare a port${isOwnPod ? safe`, of the predictor and of the transformer` : ''}: ports: [{name: http, containerPort: 8080}]`,
    },
  ];
  const front = transformer ?? predictor;
  const ofFront = isOwnPod ? `${name}-transformer` : ofPredictor;
  if (word !== 'udp' && protocols.some(isHttp) && !hasPorts(front))
    return report(ofFront, safe`where it is older than ours, requests to the model that are not HTTP/2 fail`, 'error');
  if (isOwnPod && !hasPorts(predictor))
    return report(ofPredictor, safe`the transformer cannot call the predictor there`, 'error');
  if (hasPorts(front)) return [];
  return report(ofFront, safe`whoever calls that Service, instead of the model, gets errors`, 'warning');
}

function hasPorts(placed: PlacedContainer | undefined): boolean {
  return mapsAt(placed?.container, ['ports']).length > 0;
}
