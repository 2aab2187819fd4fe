import test from 'ava';
import type { Manifest } from '../../../src/core/manifests/manifest.ts';
import { routers } from '../../../src/core/routing/routers.ts';
import { renderObjects, toModelText } from './memory-tree.ts';

const link = 'link.argocd.argoproj.io/external-link';
const watcherUrl = 'https://mirrors.example.com';

/** The object, with the link taken away, and the link. */
function split({ metadata, ...object }: Manifest): { readonly plain: object; readonly to: string | undefined } {
  const { annotations = {}, ...rest } = metadata;
  const { [link]: to, ...others } = annotations;
  return { plain: { ...object, metadata: rest, annotations: others }, to };
}

test('routes link to the page of their model, and nothing else changes', (t) => {
  for (const mode of ['ModelMesh', 'Standard']) {
    const files = { 'model.yaml': toModelText('wisdom', 'models').replace('ModelMesh', mode) };
    const without = renderObjects(files).map(split);
    const linked = renderObjects(files, { watcherUrl });
    t.deepEqual(
      linked.map((object) => split(object).plain),
      without.map(({ plain }) => plain),
    );
    t.deepEqual([...new Set(without.map(({ to }) => to))], [undefined]);
    const isRoute = ({ kind }: Manifest) => routers.some(({ watched }) => watched.kind === kind);
    t.true(linked.some(isRoute));
    t.true(linked.some(({ kind }) => kind === 'InferenceService'));
    for (const object of linked)
      t.is(split(object).to, isRoute(object) ? `${watcherUrl}/models/wisdom` : undefined, object.kind);
  }
});
