import { Document, isMap } from 'yaml';
import type { ModelStatus } from '../input/schema.ts';
import { apiVersion } from '../input/schema-parts.ts';

/** What was seen of a model, without the form around it. */
export interface ObservedModel {
  readonly name: string;
  readonly namespace: string;
  readonly status: ModelStatus['status'];
}

const versionKeys = ['name', 'version', 'digest', 'state', 'reason', 'message'] as const;

/** The text of a status file: equal facts give equal bytes. */
export function toStatusText({ name, namespace, status }: ObservedModel): string {
  const version = (observed: NonNullable<ModelStatus['status']['primary']>) =>
    Object.fromEntries(versionKeys.flatMap((key) => (observed[key] === undefined ? [] : [[key, observed[key]]])));
  const { primary, candidate, mirror } = status;
  const document = new Document({
    apiVersion,
    kind: 'ModelStatus',
    metadata: { name, namespace },
    status: {
      ...(primary === undefined ? {} : { primary: version(primary) }),
      ...(candidate === undefined ? {} : { candidate: version(candidate) }),
      ...(mirror === undefined ? {} : { mirror: { to: mirror.to, percentage: mirror.percentage } }),
    },
  });
  document.commentBefore = ' Written by the model-mirror watcher. Do not edit.';
  for (const path of [['metadata'], ['status', 'primary'], ['status', 'candidate'], ['status', 'mirror']]) {
    const node = document.getIn(path, true);
    if (isMap(node)) node.flow = true;
  }
  // A line a version: a longer one folded would change more than the fact that changed.
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
