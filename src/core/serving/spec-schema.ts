/** KServe's schema of an InferenceService's spec, in the compact form that is shipped. */
import { kserveSchema } from './kserve-schema.ts';

/** A part of the schema; numbers are indexes of other parts. */
export interface SchemaNode {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'int-or-string';
  /** Of an object with these fields and no others. */
  readonly fields?: Readonly<Record<string, number>>;
  /** Of a map with any keys, or of a list. */
  readonly values?: number;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly isInt32?: boolean;
  /** The least value, length or number of items. */
  readonly least?: number;
  readonly most?: number;
}

let nodes: readonly SchemaNode[] | undefined;

/** Parsed when it is asked for: not every command checks a spec. */
export function schemaNode(index: number): SchemaNode {
  nodes ??= JSON.parse(kserveSchema) as readonly SchemaNode[];
  return nodes.at(index) as SchemaNode;
}

/** Of the whole spec. */
export const specIndex = -1;
