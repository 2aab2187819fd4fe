/** What the stack to play with tells a person to type. */

export const modes = ['modelmesh', 'standard'] as const;

export type Mode = (typeof modes)[number];

/** What is reached from outside the sandbox, by the name of its socket. */
export const ports = { api: 16_443, git: 18_080, gateway: 18_033, client: 18_034, seen: 18_099 } as const;

interface Places {
  readonly kubeconfig: string;
  /** The path of its URL. */
  readonly repository: string;
}

interface ModeGuide {
  readonly namespace: string;
  readonly kinds: string;
  /** What sends calls; where to is added. */
  readonly load: string;
  readonly more: string;
  /** How a candidate is declared in the clone. */
  readonly candidate: string;
}

const loadProgram = 'npx node test/e2e/load-process.ts --calls 1000';

const guides: Readonly<Record<Mode, ModeGuide>> = {
  modelmesh: {
    namespace: 'modelmesh-serving',
    kinds: 'inferenceservices,virtualservices',
    load: `${loadProgram} --authority wisdom.modelmesh-serving`,
    more: `What ModelMesh got, by model; and again:

  curl -s http://127.0.0.1:${ports.seen}/counts
  curl -s -X POST http://127.0.0.1:${ports.seen}/reset
`,
    candidate: 'add a candidate to models/wisdom/model.yaml',
  },
  standard: {
    namespace: 'models',
    kinds: 'inferenceservices,deployments,pods,services,virtualservices',
    load: `${loadProgram} --rate 50 --authority wisdom.models --path /v1/models/wisdom:predict --input 6.8,2.8,4.8,1.4`,
    more: `One call, which says what v1 predicts; what the servers of a version have got; and when it is that of a candidate:

  curl -s http://127.0.0.1:${ports.gateway}/v1/models/wisdom:predict -H 'host: wisdom.models' \\
    -H 'content-type: application/json' -d '{"instances": [[6.8, 2.8, 4.8, 1.4]]}'
  curl -s http://127.0.0.1:${ports.seen}/wisdom-0
  curl -s http://127.0.0.1:${ports.seen}/wisdom-1

The storage has s3://models/flowers/v1 to v3, which predict different numbers, and models whose server does not come up:
s3://models/crash, s3://models/oom and s3://models/hang.
`,
    candidate: `add a candidate to models/wisdom/model.yaml, as {version: v2, storageUri: 's3://models/flowers/v2'},`,
  },
};

export function toGuide(mode: Mode, { kubeconfig, repository }: Places): string {
  const { namespace, kinds, load, more, candidate } = guides[mode];
  return `
The stack is there, with the model wisdom. Ctrl-C ends it.

  export KUBECONFIG=${kubeconfig}
  git clone http://127.0.0.1:${ports.git}${repository}     people's repository: push to main
  kubectl get ${kinds} -n ${namespace}
  kubectl get applications -n argocd

Calls from outside the mesh, through the ingress gateway, and from a Pod with a sidecar:

  ${load} --to 127.0.0.1:${ports.gateway}
  ${load} --to 127.0.0.1:${ports.client}

${more}
To see a mirror: ${candidate} and push; once it is ready, calls are mirrored.
Argo CD looks at git when the watcher asks it to, at the latest 30 s after a push; or at once:

  kubectl annotate application wisdom -n argocd argocd.argoproj.io/refresh=normal

`;
}
