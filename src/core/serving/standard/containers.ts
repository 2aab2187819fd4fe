/** The containers of an InferenceService in Standard mode: their arguments and variables, and which of them answers. */
import type { FieldPath } from '../../diagnostics/problem.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';

export interface PlacedContainer {
  readonly container: PlainMap;
  /** From the object's root. */
  readonly path: FieldPath;
}

/** In the pods of the predictor, in front of the model. */
const collocated = 'transformer-container';
const ofPredictor = 'kserve-container';

/** What runs the model: the runtime's container with its changes, or one's own. */
export function findPredictor(spec: unknown): PlacedContainer | undefined {
  const model = valueAt(spec, ['predictor', 'model']);
  if (isMap(model)) return { container: model, path: ['spec', 'predictor', 'model'] };
  const containers = listContainers(spec, 'predictor').filter(({ container }) => container['name'] !== collocated);
  return containers.find(({ container }) => container['name'] === ofPredictor) ?? containers[0];
}

/** What stands in front of it: in pods of its own, or in the same ones. */
export function findTransformer(spec: unknown): PlacedContainer | undefined {
  const isCollocated = ({ container }: PlacedContainer) => container['name'] === collocated;
  return listContainers(spec, 'transformer')[0] ?? listContainers(spec, 'predictor').find(isCollocated);
}

function listContainers(spec: unknown, component: 'predictor' | 'transformer'): PlacedContainer[] {
  return mapsAt(spec, [component, 'containers']).map((container, i) => ({
    container,
    path: ['spec', component, 'containers', i],
  }));
}

export function listArguments(container: PlainMap): string[] {
  const args = container['args'];
  return Array.isArray(args) ? args.map(String) : [];
}

/**
 * The values of an argument, as in `--name=a` or `--name a b`; of several of one name the last counts, as in argparse.
 *
 * @returns empty: it is not there.
 */
export function findArgument(container: PlainMap, name: string): string[] {
  const args = listArguments(container);
  const at = args.findLastIndex((one) => one === name || one.startsWith(`${name}=`));
  const found = args[at];
  if (found === undefined) return [];
  if (found !== name) return [found.slice(name.length + 1)];
  const rest = args.slice(at + 1);
  const end = rest.findIndex((one) => one.startsWith('-'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The value of an environment variable; empty when it comes from elsewhere; undefined: it is not there. */
export function findVariable(container: PlainMap, name: string): string | undefined {
  const found = mapsAt(container, ['env']).find((one) => one['name'] === name);
  return found && (textAt(found, ['value']) ?? '');
}
