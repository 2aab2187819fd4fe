{{/* The image of the watcher and the comparer. */}}
{{- define "model-mirror.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/*
What ends the name of an object outside of the release's namespace: two installations of one cluster never share such an object.
That of `model-mirror` has none.
*/}}
{{- define "model-mirror.suffix" -}}
{{- if ne .Release.Namespace "model-mirror" }}-{{ .Release.Namespace }}{{ end -}}
{{- end }}

{{/*
The label `istio` of the mirror gateway's Pods. A Gateway selects Pods of all namespaces by it: with TLS, two for the same Pods and port
lose the copies of one of them.
*/}}
{{- define "model-mirror.gatewayLabel" -}}
model-mirror-gateway{{ include "model-mirror.suffix" . }}
{{- end }}

{{/* Labels of every object, but of no Pod, which an upgrade of the chart alone would replace. A label has no "+". */}}
{{- define "model-mirror.commonLabels" -}}
app.kubernetes.io/part-of: model-mirror
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Labels of a part's object. Arguments: root, and the part's name. */}}
{{- define "model-mirror.labels" -}}
app.kubernetes.io/name: {{ last . }}
{{ include "model-mirror.commonLabels" (first .) }}
{{- end }}

{{/* Where Pods may run. Arguments: values of a part, and the label that selects its Pods. */}}
{{- define "model-mirror.placement" -}}
{{- $label := .label -}}
{{- with .values -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- /* Without a selector one counts no Pod. */}}
  - {{- toYaml (merge (dict) . (dict "labelSelector" (dict "matchLabels" $label))) | nindent 4 }}
  {{- end }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* How the image is pulled, for a container and for a Pod. */}}
{{- define "model-mirror.pullPolicy" -}}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end }}

{{- define "model-mirror.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* No container gets more than this from the profile `restricted`. */}}
{{- define "model-mirror.containerSecurity" -}}
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}

{{/* What the watcher reads. */}}
{{- define "model-mirror.watcherRules" -}}
- apiGroups: [serving.kserve.io]
  resources: [inferenceservices]
  verbs: [get, list, watch]
- apiGroups: [networking.istio.io]
  resources: [virtualservices]
  verbs: [get, list, watch]
{{- if .Values.watcher.readWorkloads }}
# For models in Standard mode alone, whose InferenceService does not show which pods run it. Without these two rules no
# version of such a model becomes Ready; all others are served.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
{{- end }}
{{- end }}

{{/* What the comparer reads: the routes, which say where versions are and what to compare. */}}
{{- define "model-mirror.comparerRules" -}}
- apiGroups: [networking.istio.io]
  resources: [virtualservices]
  verbs: [get, list, watch]
{{- end }}

{{/*
Rights of a ServiceAccount of the release: in the whole cluster, or in some namespaces and then in none other.
Arguments: root, name, rules (a template), namespaces.
*/}}
{{- define "model-mirror.rights" -}}
{{- $root := .root -}}
{{- $account := .name -}}
{{- $name := print .name (include "model-mirror.suffix" $root) -}}
{{- $rules := include .rules $root -}}
{{- $places := .namespaces | default (list "") -}}
{{- range $places }}
{{- $kind := ternary "ClusterRole" "Role" (empty .) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $name }}
  {{- with . }}
  namespace: {{ . | quote }}
  {{- end }}
  labels: {{- include "model-mirror.labels" (list $root $account) | nindent 4 }}
rules: {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $name }}
  {{- with . }}
  namespace: {{ . | quote }}
  {{- end }}
  labels: {{- include "model-mirror.labels" (list $root $account) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $account }}
    namespace: {{ $root.Release.Namespace | quote }}
{{- end }}
{{- end }}

{{/*
What clients' Envoys do with what they copy to a Service. One sends a copy once it is whole, and drops one that is larger: a
client's own request never waits for a copy that nobody reads. Without it, bodies above 16 MiB do.
Arguments: root, name, maxRequestBytes.
*/}}
{{- define "model-mirror.clientLimits" -}}
{{- $root := .root -}}
{{- $service := printf "%s.%s.svc.%s" .name $root.Release.Namespace $root.Values.istio.clusterDomain -}}
{{- $bytes := .maxRequestBytes -}}
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: {{ .name }}-clients{{ include "model-mirror.suffix" $root }}
  # Istio's root namespace: only there does it apply to the Envoys of all clients.
  namespace: {{ $root.Values.istio.rootNamespace | quote }}
  labels: {{- include "model-mirror.labels" (list $root .name) | nindent 4 }}
spec:
  configPatches:
    {{- range list "GATEWAY" "SIDECAR_OUTBOUND" }}
    - applyTo: CLUSTER
      match: {context: {{ . }}, cluster: {service: {{ $service }}}}
      patch:
        operation: MERGE
        value:
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: {http2_protocol_options: {}}
              http_filters:
                - name: envoy.filters.http.buffer
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer
                    max_request_bytes: {{ int64 $bytes }}
                - name: envoy.filters.http.upstream_codec
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec
    {{- end }}
{{- end }}

{{/*
A window of 1 MiB per connection. With Envoy's default of 24 MiB a proxy that stops reading fills the sockets of a client's Envoy,
which then stops reading from its clients. Argument: the context, GATEWAY or SIDECAR_INBOUND.
*/}}
{{- define "model-mirror.windowPatch" -}}
- applyTo: NETWORK_FILTER
  match:
    context: {{ . }}
    listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
  patch:
    operation: MERGE
    value:
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        http2_protocol_options: {initial_connection_window_size: 1048576}
{{- end }}

{{/* Variables of the watcher's container, beside those of its ConfigMap. */}}
{{- define "model-mirror.watcherVariables" -}}
{{- $ownComparer := printf "model-mirror-comparer-blocks.%s.svc:8081" .Release.Namespace -}}
{{- $hasOwn := and .Values.comparer.enabled (ne .Release.Namespace "model-mirror") -}}
{{- $comparers := .Values.watcher.comparers | default (ternary (list $ownComparer) (list) $hasOwn) -}}
{{- with .Values.watcher }}
{{- with .watchNamespaces }}
# Those in which it has rights.
- {name: MODEL_MIRROR_NAMESPACES, value: {{ join "," . | quote }}}
{{- end }}
{{- with $comparers }}
- {name: MODEL_MIRROR_COMPARER, value: {{ join "," . | quote }}}
{{- end }}
{{- with .proxy.httpsProxy }}
# The cluster's own API is reached directly.
- {name: HTTPS_PROXY, value: {{ . | quote }}}
{{- end }}
{{- with .proxy.httpProxy }}
- {name: HTTP_PROXY, value: {{ . | quote }}}
{{- end }}
{{- with .proxy.noProxy }}
- {name: NO_PROXY, value: {{ . | quote }}}
{{- end }}
{{- if or .ca.configMap .ca.secret }}
# Node reads it when it starts: restart the watcher when it changes.
- {name: NODE_EXTRA_CA_CERTS, value: {{ printf "/etc/model-mirror/ca/%s" .ca.key | quote }}}
{{- end }}
{{- with .notifyUrl }}
- {name: MODEL_MIRROR_NOTIFY_URL, value: {{ . | quote }}}
{{- end }}
{{- if .notifyUrlSecret.name }}
- name: MODEL_MIRROR_NOTIFY_URL
  valueFrom:
    secretKeyRef: {name: {{ .notifyUrlSecret.name }}, key: {{ .notifyUrlSecret.key }}}
{{- end }}
{{- with .env }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}
{{- end }}

{{/* TCP ports that the watcher may reach: those of the values, and those in its addresses. */}}
{{- define "model-mirror.egressPorts" -}}
{{- $ports := list -}}
{{- range .Values.watcher.networkPolicy.egressPorts }}{{ $ports = append $ports (toString .) }}{{ end -}}
{{- with .Values.watcher -}}
{{- range list .repo .proxy.httpsProxy .proxy.httpProxy -}}
{{- $port := regexFind "[0-9]+$" (regexFind "^[a-z+]+://[^/]*:[0-9]+" .) -}}
{{- if and (eq $port "") (regexMatch "^((git[+])?ssh://|[^/:]+@[^/:]+:)" .) }}{{ $port = "22" }}{{ end -}}
{{- if and (eq $port "") (hasPrefix "http://" .) }}{{ $port = "80" }}{{ end -}}
{{- if $port }}{{ $ports = append $ports $port }}{{ end -}}
{{- end -}}
{{- end -}}
{{- join "," (uniq $ports) -}}
{{- end -}}

{{/* What cannot be, and which the schema cannot say. */}}
{{- define "model-mirror.validate" -}}
{{- $watcher := .Values.watcher -}}
{{- if $watcher.enabled -}}
{{- if $watcher.existingConfigMap -}}
{{- if $watcher.repo }}{{ fail "watcher.repo and watcher.existingConfigMap are both set: set one of them, as the ConfigMap names the repository too" }}{{ end -}}
{{- if or $watcher.path $watcher.cluster $watcher.sourceBranch (ne $watcher.branch "main") }}{{ fail "watcher.branch, watcher.sourceBranch, watcher.path or watcher.cluster is set beside watcher.existingConfigMap, and would be ignored: put it into the ConfigMap, as MODEL_MIRROR_BRANCH, MODEL_MIRROR_SOURCE_BRANCH, MODEL_MIRROR_PATH or MODEL_MIRROR_CLUSTER" }}{{ end -}}
{{- else -}}
{{- $_ := required "watcher.repo is missing: set it to the address of the repository that Argo CD deploys, as in --set watcher.repo=https://git.example.com/ml/deployments" $watcher.repo -}}
{{- end -}}
{{- /* Whoever may read ConfigMaps and Deployments would read it; and the schema's sentence would show it. */ -}}
{{- if or (regexMatch "^https?://[^/]*@" $watcher.repo) (regexMatch "^[a-z+]+://[^/@]*:[^/@]*@" $watcher.repo) }}{{ fail "watcher.repo holds credentials: remove them, and put a token into the Secret that watcher.git.existingSecret names" }}{{ end -}}
{{- if contains "@" (print $watcher.proxy.httpsProxy $watcher.proxy.httpProxy) }}{{ fail "watcher.proxy.httpsProxy or watcher.proxy.httpProxy holds credentials: put the address into a Secret, and name it in watcher.proxy.existingSecret" }}{{ end -}}
{{- if contains "@" $watcher.notifyUrl }}{{ fail "watcher.notifyUrl holds credentials: put the address into a Secret, and name it in watcher.notifyUrlSecret.name" }}{{ end -}}
{{- range $watcher.env -}}
{{- $value := .value | default "" -}}
{{- if and $value (has .name (list "MODEL_MIRROR_GIT_TOKEN" "MODEL_MIRROR_GIT_PASSWORD" "MODEL_MIRROR_GIT_BEARER_TOKEN")) }}{{ fail (printf "watcher.env has the value of %s: remove it, and put it into the Secret that watcher.git.existingSecret names" .name) }}{{ end -}}
{{- if or (regexMatch "https?://[^/]*@" $value) (regexMatch "://[^/@]*:[^/@]*@" $value) }}{{ fail (printf "watcher.env has credentials in the address of %s: put it into a Secret, and name that in valueFrom.secretKeyRef" .name) }}{{ end -}}
{{- end -}}
{{- $places := list -}}
{{- range $watcher.env }}{{ $places = append $places .name }}{{ end -}}
{{- range $watcher.extraArgs }}{{ $places = append $places (regexReplaceAll "=.*" . "") }}{{ end -}}
{{- if not (or $watcher.git.existingSecret (has "--git-credentials" $places) (has "MODEL_MIRROR_GIT_TOKEN" $places) (has "MODEL_MIRROR_GIT_PASSWORD" $places) (has "MODEL_MIRROR_GIT_BEARER_TOKEN" $places)) }}{{ fail "watcher.git.existingSecret is empty: name a Secret, or mount the credentials by watcher.extraVolumes and name their place by --git-credentials in watcher.extraArgs" }}{{ end -}}
{{- range $watcher.extraArgs -}}
{{- if or (regexMatch "https?://[^/]*@" .) (regexMatch "://[^/@]*:[^/@]*@" .) }}{{ fail "watcher.extraArgs has credentials in an address: the watcher takes them from Secrets (watcher.git, watcher.proxy, watcher.notifyUrlSecret)" }}{{ end -}}
{{- end -}}
{{- if and $watcher.ca.configMap $watcher.ca.secret }}{{ fail "watcher.ca.configMap and watcher.ca.secret are both set: set one of them" }}{{ end -}}
{{- if and $watcher.notifyUrl $watcher.notifyUrlSecret.name }}{{ fail "watcher.notifyUrl and watcher.notifyUrlSecret.name are both set: set one of them" }}{{ end -}}
{{- end -}}
{{- range $name := list "mirrorGateway" "comparer" -}}
{{- $part := index $.Values $name -}}
{{- if and $part.enabled $part.clearText $part.authorization.enabled }}{{ fail (printf "%s.clearText and %s.authorization.enabled are both true: authorization names workloads by certificates, so it would refuse what arrives in clear text" $name $name) }}{{ end -}}
{{- end -}}
{{- /* A label's value has at most 63 characters. */ -}}
{{- if and .Values.mirrorGateway.enabled (gt (len (include "model-mirror.gatewayLabel" .)) 63) }}{{ fail (printf "the namespace %s is too long for a mirror gateway, whose label ends with it: choose one of at most 42 characters, or set mirrorGateway.enabled=false" .Release.Namespace) }}{{ end -}}
{{- with .Values.mirrorGateway.autoscaling -}}
{{- if gt (int .minReplicas) (int .maxReplicas) }}{{ fail "mirrorGateway.autoscaling.minReplicas is above maxReplicas: lower it, or raise maxReplicas" }}{{ end -}}
{{- end -}}
{{- end }}
