import type { ModelStatus } from '../core/input/schema.ts';
import { apiVersion } from '../core/input/schema-parts.ts';
import { toScalar } from '../core/manifests/manifest-text.ts';

/** What was seen of a model, without the form around it. */
export interface ObservedModel {
  readonly name: string;
  readonly namespace: string;
  readonly status: ModelStatus['status'];
}

const versionKeys = ['name', 'version', 'digest', 'state', 'loaded', 'reason', 'message'] as const;

/** Of 0.1.0. No number to any reader of YAML: a letter other than `e` is among the digits. */
const plainDigest = /^(?=.*[abcdf])[0-9a-f]{32}$/;

/** The text of a status file: equal facts give equal bytes, and a version is a line of its own. */
export function toStatusText({ name, namespace, status }: ObservedModel): string {
  const { primary, candidate, mirror } = status;
  const facts = [
    ...(primary === undefined ? [] : [`  primary: ${toFlow(primary, versionKeys)}\n`]),
    ...(candidate === undefined ? [] : [`  candidate: ${toFlow(candidate, versionKeys)}\n`]),
    ...(mirror === undefined ? [] : [`  mirror: ${toFlow(mirror, ['to', 'percentage'])}\n`]),
  ];
  return `# Written by the model-mirror watcher. Do not edit.
apiVersion: ${apiVersion}
kind: ModelStatus
metadata: ${toFlow({ name, namespace }, ['name', 'namespace'])}
status:${facts.length === 0 ? ' {}\n' : `\n${facts.join('')}`}`;
}

function toFlow<T extends object>(map: T, keys: readonly (keyof T & string)[]): string {
  const parts = keys.flatMap((key) => (map[key] === undefined ? [] : [`${key}: ${toValue(map[key])}`]));
  return `{${parts.join(', ')}}`;
}

function toValue(value: unknown): string {
  return typeof value === 'string' && plainDigest.test(value) ? value : toScalar(value);
}
