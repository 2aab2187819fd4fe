/**
 * Policies that an API server applies to InferenceServices as they are written, in place of KServe's webhook.
 * Objects to be applied; admissionregistration.k8s.io/v1, which Kubernetes serves since 1.36.
 *
 * What KServe's webhook does: kserve pkg/apis/serving/v1beta1/inference_service_defaults.go
 * (DefaultInferenceService), and that it answers with the whole object as Go writes it.
 */

export interface PolicyObject {
  readonly apiVersion: string;
  readonly kind: `${'Mutating' | 'Validating'}AdmissionPolicy${'' | 'Binding'}`;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

export interface Scope {
  /** Absent: all. */
  readonly namespace?: string;
}

export interface DefaultsOptions extends Scope {
  /** Of inferenceservice-config: `deploy.defaultDeploymentMode`. */
  readonly deploymentMode?: 'ModelMesh' | 'Standard';
  /** Of inferenceservice-config: false when `security.autoMountServiceAccountToken` is. */
  readonly mountsToken?: boolean;
}

export interface RewriteOptions extends Scope {
  /** A JSON pointer to a field that has a text; where there is none nothing is written. */
  readonly path?: string;
  /** In place of whatever is written there. */
  readonly value?: string;
}

const apiVersion = 'admissionregistration.k8s.io/v1';
const predictor = 'object.spec.predictor';
const resourceRules = [
  {
    apiGroups: ['serving.kserve.io'],
    apiVersions: ['v1beta1'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['inferenceservices'],
  },
];

/**
 * Fields that nobody wrote, as KServe 0.20 adds them in ModelMesh mode: there it defaults no runtime, no protocol
 * and no resources, but Go writes the empty `name` and `resources` of a container.
 */
export function toKServeDefaults({
  deploymentMode = 'ModelMesh',
  mountsToken = false,
  namespace,
}: DefaultsOptions = {}): PolicyObject[] {
  const key = 'serving.kserve.io/deploymentMode';
  const annotations = 'object.metadata.annotations';
  const additions = [
    toAddition(`!has(${annotations})`, '/metadata/annotations', `{"${key}": "${deploymentMode}"}`),
    toAddition(
      `has(${annotations}) && !("${key}" in ${annotations})`,
      `/metadata/annotations/${key.replace('/', '~1')}`,
      `"${deploymentMode}"`,
    ),
    toAddition(`has(${predictor}.model) && !has(${predictor}.model.name)`, '/spec/predictor/model/name', '""'),
    toAddition(
      `has(${predictor}.model) && !has(${predictor}.model.resources)`,
      '/spec/predictor/model/resources',
      'Object.spec.predictor.model.resources{}',
    ),
    ...(mountsToken
      ? []
      : [
          toAddition(
            `!has(${predictor}.automountServiceAccountToken)`,
            '/spec/predictor/automountServiceAccountToken',
            'false',
          ),
        ]),
  ];
  return toPolicy('kserve-defaults', additions.join(' + '), namespace);
}

/** Rewrites a field that its writer has written, so that what is live is never what was applied. */
export function toRewrite({
  path = '/spec/predictor/model/protocolVersion',
  value = 'grpc-v2',
  namespace,
}: RewriteOptions = {}): PolicyObject[] {
  const steps = path.slice(1).split('/');
  const fields = steps.map((_, index) => ['object', ...steps.slice(0, index + 1)].join('.'));
  const condition = [...fields.map((field) => `has(${field})`), `${fields.at(-1)} != "${value}"`].join(' && ');
  const expression = `${condition} ? [JSONPatch{op: "replace", path: "${path}", value: "${value}"}] : []`;
  return toPolicy('rewrite-a-field', expression, namespace);
}

/**
 * What the API server's own ServiceAccount plugin and Istio's injector would write into Pods, as far as others look at
 * it: the account, and that a sidecar answers.
 */
export function toPodDefaults(namespace: string): PolicyObject[] {
  const label = 'security.istio.io/tlsMode';
  const inject = 'sidecar.istio.io/inject';
  const labels = 'object.metadata.labels';
  const expression = [
    toAddition('!has(object.spec.serviceAccountName)', '/spec/serviceAccountName', '"default"'),
    toAddition(
      `has(${labels}) && !("${inject}" in ${labels} && ${labels}["${inject}"] == "false")`,
      `/metadata/labels/${label.replace('/', '~1')}`,
      '"istio"',
    ),
  ].join(' + ');
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  return toPolicy('pod-defaults', expression, namespace, rules);
}

/** Refuses what has the annotation, as a cluster's own rules may refuse what KServe's schema allows. */
export function toRefusal(annotation: string): PolicyObject[] {
  const annotations = 'object.metadata.annotations';
  const expression = `!has(${annotations}) || !("${annotation}" in ${annotations})`;
  const name = 'refuse-an-annotation';
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: { resourceRules },
        failurePolicy: 'Fail',
        validations: [{ expression, message: `${annotation} is refused here` }],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}

function toAddition(condition: string, path: string, value: string): string {
  return `(${condition} ? [JSONPatch{op: "add", path: "${path}", value: ${value}}] : [])`;
}

function toPolicy(
  name: string,
  expression: string,
  namespace: string | undefined,
  rules: readonly object[] = resourceRules,
): PolicyObject[] {
  const within = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: { resourceRules: rules },
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, ...(namespace === undefined ? {} : { matchResources: within }) },
    },
  ];
}
