import test from 'ava';
import { listLive } from '../../../src/io/kubernetes/object-lists.ts';

/** @param modes of the InferenceServices, by their namespace. */
async function listRequests(modes: Readonly<Record<string, string>>): Promise<string[]> {
  const requests: string[] = [];
  const request = async (path: string, { query = {} }: { query?: Readonly<Record<string, string>> }) => {
    requests.push(`${path.split('/').slice(-2).join(' ')} ${query['labelSelector']}`);
    const namespace = path.split('/').at(-2) ?? '';
    const annotations = { 'serving.kserve.io/deploymentMode': modes[namespace] };
    const items = path.endsWith('/inferenceservices')
      ? [{ metadata: { name: 'wisdom-0', namespace, annotations } }]
      : [];
    return new Response(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
  };
  await listLive({ request }, Object.keys(modes), new AbortController().signal);
  return requests;
}

test('what runs versions is listed only where there are such versions', async (t) => {
  const own = 'app.kubernetes.io/managed-by=model-mirror';
  t.deepEqual(await listRequests({ models: 'ModelMesh', zoo: 'Standard' }), [
    `models inferenceservices ${own}`,
    `zoo inferenceservices ${own}`,
    `models virtualservices ${own}`,
    `zoo virtualservices ${own}`,
    `zoo deployments ${own},serving.kserve.io/inferenceservice`,
    `zoo pods ${own},serving.kserve.io/inferenceservice`,
  ]);
});
