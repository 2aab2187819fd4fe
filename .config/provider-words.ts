/** Whether a provider's own words are in code outside its folder: what is behind a port must not leak from it. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

interface Provider {
  /** Everything about it is here. */
  readonly folder: string;
  readonly words: RegExp;
  /** Files that have such a word today, and why. The list only shrinks: a file without one must leave it. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const list = 'the list of providers';
const field = 'describes fields that people write';
const sentence = 'a sentence for people, until sentences are in output/words';
const example = 'an example for people';

const providers: readonly Provider[] = [
  {
    folder: 'src/routing/istio/',
    words: /VirtualService|DestinationRule|istio/i,
    exceptions: {
      'src/change/model-risks.ts': sentence,
      'src/cli/cluster-look.ts': sentence,
      'src/cli/demo.ts': sentence,
      'src/input/mirror-policy-schema.ts': field,
      'src/input/model-schema.ts': field,
      'src/input/model-status-schema.ts': field,
      'src/input/schema-parts.ts': field,
      'src/io/argocd-environment.ts': sentence,
      'src/manifests/patchable.ts': 'domains of labels that programs of any provider read',
      'src/routing/routers.ts': list,
    },
  },
  {
    folder: 'src/serving/modelmesh/',
    words: /mm-v?model-id|modelmesh/i,
    exceptions: {
      'src/change/model-risks.ts': sentence,
      'src/cli/demo.ts': example,
      'src/cli/init-questions.ts': example,
      'src/cli/init.ts': example,
      'src/cli/new-model.ts': 'the mode of new models',
      'src/demo/scenario.ts': example,
      'src/glance/next-step.ts': sentence,
      'src/input/mirror-policy-schema.ts': field,
      'src/input/model-schema.ts': field,
      'src/routing/istio/loops.ts': sentence,
      'src/serving/modes.ts': list,
    },
  },
];

/** Fakes speak for the programs that they stand in for; `adopt` reads what others have written. */
const foreign = /^src\/(stand-in|adopt)\//;

/**
 * @param files of `src/`.
 * @returns what is wrong, a line each.
 */
export function findProviderWords(files: readonly string[]): string[] {
  const own = files.filter((file) => !foreign.test(file));
  const texts = new Map(own.map((file) => [file, findTexts(file, readFileSync(file, 'utf8'))]));
  return providers.flatMap(({ folder, words, exceptions }) => {
    const found = new Map(
      [...texts].flatMap(([file, all]) => {
        const text = file.startsWith(folder) ? undefined : all.find((one) => words.test(one));
        return text === undefined ? [] : [[file, text] as const];
      }),
    );
    return [
      ...[...found].flatMap(([file, text]) =>
        Object.hasOwn(exceptions, file) ? [] : [`${file}: ${JSON.stringify(text)} belongs in ${folder}`],
      ),
      ...Object.keys(exceptions).flatMap((file) =>
        found.has(file) ? [] : [`${file}: no word of ${folder} is left, so it is no exception`],
      ),
    ];
  });
}

/** The names and texts of a program, without its comments. */
function findTexts(file: string, program: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isLiteralExpression(node) || ts.isTemplateLiteralToken(node)) texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, program, ts.ScriptTarget.Latest));
  return texts;
}
