import test from 'ava';
import type { Protocol } from '../../../../src/core/input/schema.ts';
import type { InferenceService } from '../../../../src/core/serving/serving-mode.ts';
import { check } from '../../../../src/core/serving/standard/check.ts';

/** The places of warnings about the port, and the port that is seen. */
function warnings(spec: object, protocols: readonly Protocol[] = ['rest']): string[] {
  const metadata = { name: 'wisdom-0', namespace: 'ml', labels: { 'app.kubernetes.io/name': 'wisdom' } };
  const service = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata, spec };
  return check(service as InferenceService, protocols)
    .filter(({ code, severity }) => `${severity} ${code}` === 'warning missing-field')
    .map(({ path, message }) => `${path.slice(2).join('.')} ${/port (\d+)/.exec(message)?.[1]}`);
}

const custom = (container: object) => ({
  predictor: { containers: [{ name: 'kserve-container', image: 'example.com/server:1', ...container }] },
});
const model = (more: object, format = 'sklearn') => ({
  predictor: { model: { modelFormat: { name: format }, ...more } },
});

test('a container of one’s own that shows another port than KServe’s default is to declare it', (t) => {
  const shown: readonly (readonly [container: object, field: string, port: number])[] = [
    [{ args: ['--http_port=9090'] }, 'args', 9090],
    [{ args: ['serve', '--port', '8000'] }, 'args', 8000],
    [{ args: ['--port=9000', '--rest_port=8501'] }, 'args', 8501],
    [{ command: ['uvicorn', 'main:app', '--port', '3000'] }, 'command', 3000],
    [{ env: [{ name: 'PORT', value: '3000' }] }, 'env', 3000],
    [{ env: [{ name: 'MLSERVER_HTTP_PORT', value: '8090' }] }, 'env', 8090],
    [{ readinessProbe: { httpGet: { path: '/ping', port: 8000 } } }, 'readinessProbe', 8000],
    [{ livenessProbe: { tcpSocket: { port: 5000 } } }, 'livenessProbe', 5000],
    [{ args: ['--port=8000'], ports: [{ name: 'h2c', containerPort: 9000 }] }, 'args', 8000],
  ];
  for (const [container, field, port] of shown) {
    t.deepEqual(warnings(custom(container)), [`containers.0.${field} ${port}`], JSON.stringify(container));
    t.deepEqual(
      warnings({ ...model({}), transformer: { containers: [{ name: 'kserve-container', ...container }] } }),
      [`containers.0.${field} ${port}`],
      'a transformer in front',
    );
  }
});

test('nothing is reported where requests arrive, or where nothing shows the port', (t) => {
  const ports = [{ containerPort: 9090 }];
  for (const container of [
    {},
    { args: ['--http_port=8080', '--port=9000'] },
    { args: ['--port=8500', '--rest_api_port=8080'] },
    { args: ['--model_dir=/mnt/models', '--port', '$(MY_PORT)'] },
    { env: [{ name: 'PORT', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    { args: ['--http_port=8080'], readinessProbe: { httpGet: { port: 9999 } } },
    { readinessProbe: { httpGet: { port: 8080 } } },
    { readinessProbe: { httpGet: { port: 'http' } } },
    { args: ['--http_port=9090'], ports },
  ])
    t.deepEqual(warnings(custom(container)), [], JSON.stringify(container));
  t.deepEqual(warnings(custom({ args: ['--port=9000'] }), ['grpc']), []);
  // Behind a transformer the predictor's port is the transformer's business.
  const transformer = { containers: [{ name: 'kserve-container' }] };
  t.deepEqual(warnings({ ...custom({ args: ['--port=9000'] }), transformer }), []);
});

test('a runtime that is known is given its port by its own argument', (t) => {
  t.deepEqual(warnings(model({ args: ['--model_name=wisdom', '--http_port=9090'] })), ['model.args 9090']);
  t.deepEqual(warnings(model({ args: ['--served-model-name=wisdom', '--port=9090'] }, 'vLLM')), ['model.args 9090']);
  t.deepEqual(warnings(model({ args: ['--model_name=wisdom', '--port=9001'] }, 'tensorflow')), [], 'of gRPC');
  t.deepEqual(warnings(model({ runtime: 'our-own' })), ['model.runtime 8080']);
  t.deepEqual(warnings(model({ runtime: 'our-own', ports: [{ containerPort: 9090 }], args: ['--port=9090'] })), []);
});
