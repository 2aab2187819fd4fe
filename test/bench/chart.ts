/** The Helm chart that renders the same objects, from one values file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const template = `{{- range .Values.gateways }}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: {{ .name }}
  namespace: {{ $.Values.namespace }}
  labels:
    app.kubernetes.io/managed-by: model-mirror
    app.kubernetes.io/name: {{ .name }}
spec:
  selector:
    istio: {{ .istio }}
  servers:
    - hosts:
        - "./*"
      port:
        name: http
        number: 80
        protocol: HTTP
{{- end }}
{{- range .Values.models }}
{{- $model := . }}
{{- range .versions }}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {{ .name }}
  namespace: {{ $.Values.namespace }}
  annotations:
    model-mirror.dev/digest: {{ .digest | quote }}
    serving.kserve.io/deploymentMode: ModelMesh
    serving.kserve.io/secretKey: localMinIO
  labels:
    app.kubernetes.io/managed-by: model-mirror
    app.kubernetes.io/name: {{ $model.name }}
    app.kubernetes.io/version: {{ .version }}
spec:
  predictor:
    model:
      modelFormat:
        name: sklearn
      storageUri: {{ .storageUri }}
{{- end }}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: {{ .name }}
  namespace: {{ $.Values.namespace }}
  labels:
    app.kubernetes.io/managed-by: model-mirror
    app.kubernetes.io/name: {{ .name }}
spec:
  hosts:
    - {{ .name }}.{{ $.Values.namespace }}
    - {{ .name }}.{{ $.Values.namespace }}.svc
    - {{ .name }}.{{ $.Values.namespace }}.svc.cluster.local
  location: MESH_INTERNAL
  ports:
    - name: http
      number: 8033
      protocol: HTTP
  resolution: DNS
  workloadSelector:
    labels:
      modelmesh-service: modelmesh-serving
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .name }}
  namespace: {{ $.Values.namespace }}
  annotations:
    model-mirror.dev/path: models/{{ .name }}
  labels:
    app.kubernetes.io/managed-by: model-mirror
    app.kubernetes.io/name: {{ .name }}
spec:
  gateways:
    - mm-gateway
    - mesh
  hosts:
    - {{ .name }}.{{ $.Values.namespace }}
    - {{ .name }}.{{ $.Values.namespace }}.svc
    - {{ .name }}.{{ $.Values.namespace }}.svc.cluster.local
  http:
    - headers:
        request:
          remove:
            - mm-model-id
            - mm-model-id-bin
            - x-mirror-copy
          set:
            x-mirror-of: "%REQ(X-REQUEST-ID)%-%START_TIME(%s%9f)%"
      match:
        - statPrefix: {{ .name }}-0
      mirror:
        host: model-mirror-gateway.model-mirror.svc.cluster.local
        port:
          number: 443
      mirrorPercentage:
        value: 20
      route:
        - destination:
            host: modelmesh-serving.{{ $.Values.namespace }}.svc.cluster.local
            port:
              number: 8033
          headers:
            request:
              set:
                mm-vmodel-id: {{ .name }}-0
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .name }}-mirror
  namespace: {{ $.Values.namespace }}
  labels:
    app.kubernetes.io/managed-by: model-mirror
    app.kubernetes.io/name: {{ .name }}
spec:
  gateways:
    - model-mirror/model-mirror-gateway
  hosts:
    - {{ .name }}.{{ $.Values.namespace }}
    - {{ .name }}.{{ $.Values.namespace }}-shadow
    - {{ .name }}.{{ $.Values.namespace }}.svc
    - {{ .name }}.{{ $.Values.namespace }}.svc-shadow
    - {{ .name }}.{{ $.Values.namespace }}.svc.cluster.local
    - {{ .name }}.{{ $.Values.namespace }}.svc.cluster.local-shadow
  http:
    - headers:
        request:
          remove:
            - mm-model-id
            - mm-model-id-bin
            - x-forwarded-client-cert
          set:
            x-mirror-copy: "1"
      match:
        - statPrefix: {{ .name }}-1
      retries:
        attempts: 0
      route:
        - destination:
            host: {{ .name }}.{{ $.Values.namespace }}.svc.cluster.local
            port:
              number: 8033
          headers:
            request:
              set:
                mm-vmodel-id: {{ .name }}-1
      timeout: 2s
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {{ .name }}-mirror
  namespace: {{ $.Values.namespace }}
  labels:
    app.kubernetes.io/managed-by: model-mirror
    app.kubernetes.io/name: {{ .name }}
spec:
  host: {{ .name }}.{{ $.Values.namespace }}.svc.cluster.local
  trafficPolicy:
    connectionPool:
      http:
        h2UpgradePolicy: UPGRADE
        http1MaxPendingRequests: 10
        http2MaxRequests: 10
      tcp:
        maxConnections: 10
{{- end }}
`;

/** @param digests by the InferenceService's name. */
export function writeChart(folder: string, names: readonly string[], digests: ReadonlyMap<string, string>): void {
  mkdirSync(join(folder, 'templates'), { recursive: true });
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 0.1.0\n');
  writeFileSync(join(folder, 'templates/model.yaml'), template);
  const models = names.map(
    (name) => `  - name: ${name}
    versions:
      - {name: ${name}-0, version: v1, digest: "${digests.get(`${name}-0`)}", storageUri: "s3://models/${name}/v1.joblib"}
      - {name: ${name}-1, version: v2, digest: "${digests.get(`${name}-1`)}", storageUri: "s3://models/${name}/v2.joblib"}
`,
  );
  writeFileSync(
    join(folder, 'values.yaml'),
    `namespace: modelmesh-serving
gateways:
  - {name: mm-gateway, istio: ingressgateway}
models:
${models.join('')}`,
  );
}
