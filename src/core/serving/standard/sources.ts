/**
 * Where else servers can be made to load a model from in Standard mode, beside the fields that all modes have: in
 * ModelMesh, nothing of this has an effect.
 *
 * KServe's Python servers download whatever `--model_dir` names (python/sklearnserver/model.py, Storage.download), others
 * take a model's name in a public hub. Rather than a list of such arguments, which would be incomplete, everything counts
 * that looks like an address, or whose name says that it is about a place.
 */
import type { FieldPath } from '../../diagnostics/problem.ts';
import { quote, safe } from '../../diagnostics/safe-text.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { InferenceService, ModelSource } from '../serving-mode.ts';
import type { PlacedContainer } from './containers.ts';
import { findPredictor, findTransformer, findVariable } from './containers.ts';

export function findSources(service: InferenceService): ModelSource[] {
  const { metadata, spec } = service;
  const predictor = findPredictor(spec);
  const containers = [predictor, findTransformer(spec)].filter((placed) => placed !== undefined);
  return [
    ...Object.keys(metadata.annotations ?? {})
      .filter((key) => key.startsWith('internal.serving.kserve.io/localmodel'))
      .map((key) => ({
        path: ['metadata', 'annotations', key],
        what: safe`what this annotation of KServe's points to`,
      })),
    ...(predictor === undefined ? [] : findOwnServer(predictor)),
    ...containers.flatMap((placed) => [...findInTexts(placed, 'args'), ...findInTexts(placed, 'command')]),
    ...containers.flatMap(findInVariables),
    ...['predictor', 'transformer'].flatMap((component) => findVolumes(spec, component)),
  ];
}

/** A container of one's own loads what it likes, unless KServe loads something for it. */
function findOwnServer({ container, path }: PlacedContainer): ModelSource[] {
  const isModel = path.at(-1) === 'model';
  if (isModel || findVariable(container, 'STORAGE_URI') !== undefined) return [];
  return [{ path, what: safe`what a container without STORAGE_URI loads` }];
}

/** Names of places, but not the name that a model has for clients. */
const placeName = /model|path|dir|repo|store|storage|ur[il]\b|tokenizer|adapter|lora|weights|checkpoint|hub|download/i;
const modelName = /^-*(served[-_])?model[-_]name$|MODEL_NAME$/i;

function isPlace(name: string): boolean {
  return placeName.test(name) && !modelName.test(name);
}

/** In the container's own file system, or a number or a switch: no place to load from. */
const isHarmless = (value: string) => /^(\/[^\s]*|[\d.]+|true|false|)$/i.test(value) && !value.includes('://');

function toSource(path: FieldPath, name: string, value: string): ModelSource[] {
  if (value.includes('://')) return [{ path, address: value, what: safe`what ${quote(value)} points to` }];
  return isPlace(name) && !isHarmless(value) ? [{ path, what: safe`what ${quote(name)} points to` }] : [];
}

/** An argument has its value behind "=" or in the next one, or in several. */
function findInTexts({ container, path }: PlacedContainer, field: 'args' | 'command'): ModelSource[] {
  const texts = container[field];
  let name = '';
  return (Array.isArray(texts) ? texts.map(String) : []).flatMap((text, i) => {
    const [, flag, value] = /^(-[^=\s]+)(?:=(.*))?$/s.exec(text) ?? [];
    name = flag ?? name;
    return toSource([...path, field, i], name, flag === undefined ? text : (value ?? ''));
  });
}

function findInVariables({ container, path }: PlacedContainer): ModelSource[] {
  const listed = mapsAt(container, ['env']).flatMap((variable, i): ModelSource[] => {
    const name = textAt(variable, ['name']) ?? '';
    // All modes know it.
    if (name === 'STORAGE_URI') return [];
    const at = [...path, 'env', i];
    if (isMap(variable['valueFrom']))
      return isPlace(name) ? [{ path: [...at, 'valueFrom'], what: safe`what ${quote(name)} is made of` }] : [];
    return toSource([...at, 'value'], name, textAt(variable, ['value']) ?? '');
  });
  if (mapsAt(container, ['envFrom']).length === 0) return listed;
  return [...listed, { path: [...path, 'envFrom'], what: safe`what variables of envFrom point to` }];
}

/** What these hold comes from the cluster's own objects, and they are too small for a model. */
const smallVolumes = ['name', 'emptyDir', 'configMap', 'secret', 'downwardAPI', 'projected'];

function findVolumes(spec: PlainMap, component: string): ModelSource[] {
  const volumes = valueAt(spec, [component, 'volumes']);
  return (Array.isArray(volumes) ? volumes : []).flatMap((volume, i) => {
    const kind = Object.keys(isMap(volume) ? volume : {}).find((key) => !smallVolumes.includes(key));
    return kind === undefined
      ? []
      : [{ path: ['spec', component, 'volumes', i, kind], what: safe`what the volume ${quote(kind)} holds` }];
  });
}
