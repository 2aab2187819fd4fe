import { join, resolve } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { join as joinTexts, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import type { Kind } from '../../core/input/schema.ts';
import { schemas } from '../../core/input/schema.ts';
import { putFiles } from '../../io/files/put-files.ts';
import { schemaFiles, toAnySchemaText, toSchemaText } from '../../output/editor-schema/editor-schema.ts';
import type { Host } from '../host.ts';

/**
 * Prints the schema of one kind, or one that takes whichever kind a file says it is; or writes one file for each kind.
 *
 * @param to the folder to write to, as typed; undefined: print.
 */
export function runSchema(kind: string | undefined, { to }: { readonly to?: string }, host: Host): void {
  const kinds = Object.keys(schemas) as Kind[];
  const chosen = kinds.find((known) => known.toLowerCase() === kind?.toLowerCase());
  if (kind !== undefined && chosen === undefined) {
    const meant = suggest(kind, kinds);
    throw new Fault(
      'usage',
      safe`there is no kind ${quote(kind)}`,
      meant === undefined ? safe`there are ${joinTexts(kinds, ', ')}` : safe`did you mean "${mask(meant)}"?`,
    );
  }
  if (to === undefined) {
    host.write(1, [chosen === undefined ? toAnySchemaText() : toSchemaText(chosen)]);
    return;
  }
  const names = (chosen === undefined ? kinds : [chosen]).map((one) => ({
    kind: one,
    path: join(to, schemaFiles[one]),
  }));
  putFiles(
    names.map(({ kind: one, path }) => ({ path: resolve(host.workingDirectory, path), text: toSchemaText(one) })),
  );
  host.write(
    1,
    names.map(({ path }) => `${mask(path)}\n`),
  );
}
