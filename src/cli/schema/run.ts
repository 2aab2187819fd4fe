import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { Fault } from '../../core/diagnostics/fault.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import type { Kind } from '../../core/input/schema.ts';
import { schemas } from '../../core/input/schema.ts';
import { meaningOfEmpty } from '../../core/input/schema-fields.ts';
import type { Host } from '../host.ts';

/** Prints the schema of one kind, or one that takes whichever kind a file says it is. */
export function runSchema(kind: string | undefined, host: Host): void {
  const kinds = Object.keys(schemas) as Kind[];
  const chosen = kinds.find((known) => known.toLowerCase() === kind?.toLowerCase());
  if (kind !== undefined && chosen === undefined) {
    const meant = suggest(kind, kinds);
    throw new Fault(
      'usage',
      safe`there is no kind ${quote(kind)}`,
      meant === undefined ? safe`there are ${join(kinds, ', ')}` : safe`did you mean "${mask(meant)}"?`,
    );
  }
  const schema = chosen === undefined ? toAnySchema(kinds) : toSchema(chosen);
  host.write(1, [`${JSON.stringify(schema, null, 2)}\n`]);
}

const draft = 'http://json-schema.org/draft-07/schema#';

/** The schema of one kind, as it is stored next to the files for editors. */
export function toSchemaText(kind: Kind): string {
  return `${JSON.stringify(toSchema(kind), null, 2)}\n`;
}

function toSchema(kind: Kind): object {
  const { $schema: _, ...schema } = toJsonSchema(schemas[kind] as GenericSchema, {
    typeMode: 'output',
    // Four decimals at most: JSON Schema's multipleOf is binary in most validators, which refuse 0.0003.
    ignoreActions: ['check', 'raw_check'],
    overrideSchema: ({ valibotSchema, jsonSchema }) => withEmptyFields(valibotSchema, jsonSchema),
  });
  return { $schema: draft, ...schema };
}

/** Fields that may be written and hold nothing. */
function withEmptyFields(schema: object, json: JsonSchema): JsonSchema {
  const { entries } = schema as { readonly entries?: Readonly<Record<string, GenericSchema>> };
  for (const [name, entry] of Object.entries(entries ?? {})) {
    const property = json.properties?.[name];
    if (typeof property !== 'object' || meaningOfEmpty(entry) === 'null') continue;
    if (property.enum !== undefined) property.enum = [...property.enum, null];
    if (typeof property.type === 'string') property.type = [property.type, 'null'];
  }
  return json;
}

function toAnySchema(kinds: readonly Kind[]): object {
  return {
    $schema: draft,
    oneOf: kinds.map((kind) => {
      const { $schema: _, ...schema } = toSchema(kind) as Record<string, unknown>;
      return schema;
    }),
  };
}
