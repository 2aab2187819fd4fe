/** Whether a provider's own words are in code outside its folder: what is behind a port must not leak from it. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { routers } from '../src/core/routing/routers.ts';
import { modes } from '../src/core/serving/modes.ts';

interface Provider {
  /** Everything about it is here. */
  readonly folder: string;
  readonly words: RegExp;
  /** Where its words are looked for; absent: everywhere, since nothing else uses them. */
  readonly within?: RegExp;
  /** Files that have such a word today, and why. The list only shrinks: a file without one must leave it. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const list = 'the list of providers';
const field = 'describes fields that people write';
const example = 'an example for people';

/** Files that have words of a router or a serving mode, by its name, besides the list of providers. */
const exceptions: Readonly<Record<string, Provider['exceptions']>> = {
  Istio: {
    'src/core/input/mirror-policy-schema.ts': field,
    'src/core/input/schema-parts.ts': field,
    'src/core/routing/examiners.ts': list,
    'src/output/editor-schema/mirror-policy-offers.ts': field,
    'src/core/manifests/patchable.ts': 'domains of labels that programs of any provider read',
  },
  ModelMesh: {
    'src/cli/init/command.ts': example,
    'src/cli/init/storage-questions.ts': example,
    'src/commands/init/model.ts': example,
    'src/demo/demo-modes.ts': example,
    'src/cli/demo/command.ts': 'a flag that chooses the mode of an example',
    'src/core/input/mirror-policy-schema.ts': field,
    'src/core/input/model-schema.ts': field,
  },
};

const providers: readonly Provider[] = [
  ...routers.map(({ name, words }) => ({
    folder: `src/core/routing/${name.toLowerCase()}/`,
    words: new RegExp(words.join('|'), 'i'),
    exceptions: { 'src/core/routing/routers.ts': list, ...exceptions[name] },
  })),
  ...modes.map(({ name, words }) => ({
    folder: `src/core/serving/${name.toLowerCase()}/`,
    words: new RegExp(words.join('|'), 'i'),
    exceptions: { 'src/core/serving/modes.ts': list, ...exceptions[name] },
  })),
  {
    folder: 'src/io/git/transports/https/',
    words: /https?|redirect|statusCode|authorization/i,
    within: /^src\/(io\/git|watch|core\/ports)\//,
    exceptions: {
      'src/io/git/library-client.ts': 'isomorphic-git takes every transport for HTTP',
      'src/io/git/discovery.ts': 'the name of an option of isomorphic-git',
      'src/io/git/transports.ts': `${list}, with its advice on addresses`,
    },
  },
];

/** Fakes speak for the programs that they stand in for; `adopt` reads what others have written. */
const foreign = /^src\/(demo\/fakes|core\/adopt)\//;

/**
 * @param files of `src/`.
 * @returns what is wrong, a line each.
 */
export function findProviderWords(files: readonly string[]): string[] {
  const own = files.filter((file) => !foreign.test(file));
  const texts = new Map(own.map((file) => [file, findTexts(file, readFileSync(file, 'utf8'))]));
  return providers.flatMap(({ folder, words, within, exceptions }) => {
    const found = new Map(
      [...texts].flatMap(([file, all]) => {
        const isFree = file.startsWith(folder) || within?.test(file) === false;
        const text = isFree ? undefined : all.find((one) => words.test(one));
        return text === undefined ? [] : [[file, text] as const];
      }),
    );
    return [
      ...[...found].flatMap(([file, text]) =>
        Object.hasOwn(exceptions, file) ? [] : [`${file}: ${JSON.stringify(text)} belongs in ${folder}`],
      ),
      ...Object.keys(exceptions).flatMap((file) =>
        found.has(file) ? [] : [`${file}: no word of ${folder} is left, so it is not an exception`],
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
