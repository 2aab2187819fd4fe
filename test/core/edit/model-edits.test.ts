/** The edits of a model file, case by case: what is written, to the byte, and what is refused. */
import test from 'ava';
import type { CandidateWish } from '../../../src/core/edit/model-edits.ts';
import { discardCandidate, findCandidate, promoteCandidate, setCandidate } from '../../../src/core/edit/model-edits.ts';
import type { Edited } from '../../../src/core/edit/proof.ts';
import { hasStorage } from '../../../src/core/input/model-storage.ts';
import { parseModel } from '../../../src/core/input/parse-document.ts';

const head = `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata:
  name: wisdom
`;
const template = `  template:
    spec: {}
`;

/** Edits the lines of a spec, and gives them back; or the problem. */
function edit(spec: string, change: (source: { path: string; text: string }) => Edited): string {
  const edited = change({ path: 'model.yaml', text: head + spec });
  if ('problem' in edited) return `${edited.problem.line}: ${edited.problem.message}`;
  if (!edited.text.startsWith(head)) throw new Error(edited.text);
  return edited.text.slice(head.length);
}

function toModel(source: { path: string; text: string }) {
  const { value, problems } = parseModel(source);
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return value;
}

const set = (spec: string, wish: CandidateWish) => edit(spec, (source) => setCandidate(source, toModel(source), wish));
const discard = (spec: string) => edit(spec, (source) => discardCandidate(source, toModel(source)));
const promote = (spec: string) =>
  edit(spec, (source) => {
    const model = toModel(source);
    const candidate = findCandidate(model);
    if (candidate === undefined) throw new Error('no candidate');
    return promoteCandidate(source, model, candidate);
  });

const v3 = { version: 'v3', storageUri: 's3://m/v3' };

interface Case {
  readonly title: string;
  readonly from: string;
  readonly to: string;
}

const added: readonly Case[] = [
  {
    title: 'in the style of the primary, behind it and its comments',
    from: `spec:
${template}  primary:
      version: v1
      storageUri: s3://m/v1 # since May
      # name: any

  # the end
`,
    to: `spec:
${template}  primary:
      version: v1
      storageUri: s3://m/v1 # since May
      # name: any
  candidate:
      version: v3
      storageUri: s3://m/v3

  # the end
`,
  },
  {
    title: 'without a final line end',
    from: `spec:\n${template}  primary:\n    version: v1\n    storageUri: s3://m/v1`,
    to: `spec:\n${template}  primary:\n    version: v1\n    storageUri: s3://m/v1\n  candidate:\n    version: v3\n    storageUri: s3://m/v3`,
  },
  {
    title: 'with CRLF',
    from: `spec:\r\n  template: {spec: {}}\r\n  primary:\r\n    version: v1\r\n    storageUri: s3://m/v1\r\n`,
    to: `spec:\r\n  template: {spec: {}}\r\n  primary:\r\n    version: v1\r\n    storageUri: s3://m/v1\r\n  candidate:\r\n    version: v3\r\n    storageUri: s3://m/v3\r\n`,
  },
  {
    title: 'in braces where the primary is',
    from: `spec:\n  primary: {version: v1, storageUri: s3://m/v1} # it\n${template}`,
    to: `spec:\n  primary: {version: v1, storageUri: s3://m/v1} # it\n  candidate: {version: v3, storageUri: s3://m/v3}\n${template}`,
  },
  {
    title: 'in a spec in braces',
    from: 'spec: {primary: {version: v1, storageUri: s3://m/v1}, template: {spec: {}}}\n',
    to: 'spec: {primary: {version: v1, storageUri: s3://m/v1}, candidate: {version: v3, storageUri: s3://m/v3}, template: {spec: {}}}\n',
  },
  {
    title: 'in JSON',
    from: `"spec": {
  "template": {"spec": {}},
  "primary": {"version": "v1", "storageUri": "s3://m/v1"}
}
`,
    to: `"spec": {
  "template": {"spec": {}},
  "primary": {"version": "v1", "storageUri": "s3://m/v1"},
  "candidate": {"version": "v3", "storageUri": "s3://m/v3"}
}
`,
  },
  {
    title: 'behind a trailing comma and comments',
    from: `spec: {
  template: {spec: {}}, # shared
  primary: {version: v1, storageUri: s3://m/v1}, # it
  # the end
}
`,
    to: `spec: {
  template: {spec: {}}, # shared
  primary: {version: v1, storageUri: s3://m/v1}, # it
  candidate: {version: v3, storageUri: s3://m/v3},
  # the end
}
`,
  },
  {
    title: 'behind a block scalar, and before the end of the document',
    from: `spec:\n${template}  primary:\n    version: v1\n    storageUri: >-\n      s3://m/v1\n\n...\n`,
    to: `spec:\n${template}  primary:\n    version: v1\n    storageUri: >-\n      s3://m/v1\n  candidate:\n    version: v3\n    storageUri: s3://m/v3\n\n...\n`,
  },
  {
    title: 'beside a primary that is an alias',
    from: `spec:\n  template: {spec: {a: &p {version: v1, storageUri: s3://m/v1}}}\n  primary: *p # it\n`,
    to: `spec:\n  template: {spec: {a: &p {version: v1, storageUri: s3://m/v1}}}\n  primary: *p # it\n  candidate: {version: v3, storageUri: s3://m/v3}\n`,
  },
];

for (const { title, from, to } of added)
  test(`a candidate is added: ${title}`, (t) => {
    t.is(set(from, v3), to);
    t.is(set(to, v3), to, 'what is set already changes no byte');
    t.is(discard(to), from, 'and discarding it undoes it');
  });

const block = (candidate: string) => `spec:\n${template}  primary: {version: v1, storageUri: s3://m/v1}\n${candidate}`;

const inStorage = (candidate: string) => `spec:
  template:
    spec: {predictor: {model: {storage: {key: minio}}}}
  primary: {version: v1, overrides: {spec: {predictor: {model: {storage: {path: m/v1}}}}}}
${candidate}`;
const storage = (path: string) => `overrides: {spec: {predictor: {model: {storage: {path: ${path}}}}}}`;

const stored: readonly (Case & { readonly wish?: CandidateWish })[] = [
  {
    title: 'of a new candidate, in braces as the primary is',
    wish: { version: 'v3', storagePath: 'm/v3' },
    from: inStorage(''),
    to: inStorage(`  candidate: {version: v3, ${storage('m/v3')}}\n`),
  },
  {
    title: 'of a new candidate, with the whole storage of the primary if the template has none',
    wish: { version: 'v3', storagePath: 'm/v 3' },
    from: `spec:
${template}  primary:
    version: v1
    overrides:
      spec: {predictor: {model: {storage: {key: minio, path: m/v1, parameters: {bucket: b, "a b": "1"}}}}}
`,
    to: `spec:
${template}  primary:
    version: v1
    overrides:
      spec: {predictor: {model: {storage: {key: minio, path: m/v1, parameters: {bucket: b, "a b": "1"}}}}}
  candidate:
    version: v3
    overrides: {spec: {predictor: {model: {storage: {key: minio, path: "m/v 3", parameters: {bucket: b, "a b": "1"}}}}}}
`,
  },
  {
    title: 'that exists, alone',
    from: inStorage(`  candidate:\n    version: v2\n    ${storage('"m/v2"')} # new\n`),
    to: inStorage(`  candidate:\n    version: v2\n    ${storage('"m/v3"')} # new\n`),
  },
  {
    title: 'in place of a storageUri',
    from: inStorage(`  candidate:\n    version: v2\n    storageUri: s3://m/v2 # gone\n    name: sage # stays\n`),
    to: inStorage(`  candidate:\n    version: v2\n    name: sage # stays\n    ${storage('m/v3')}\n`),
  },
  {
    title: 'beside other overrides',
    from: inStorage(`  candidate:
    version: v2
    overrides:
      # of its own
      spec:
        predictor:
          model:
            runtime: triton
`),
    to: inStorage(`  candidate:
    version: v2
    overrides:
      # of its own
      spec:
        predictor:
          model:
            storage: {path: m/v3}
            runtime: triton
`),
  },
  {
    title: 'beside a key of its own',
    from: inStorage(`  candidate: {version: v2, overrides: {spec: {predictor: {model: {storage: {key: other}}}}}}\n`),
    to: inStorage(
      `  candidate: {version: v2, overrides: {spec: {predictor: {model: {storage: {path: m/v3, key: other}}}}}}\n`,
    ),
  },
  {
    title: 'into overrides that are empty',
    from: inStorage(`  candidate: {version: v2, overrides: {}}\n`),
    to: inStorage(`  candidate: {version: v2, ${storage('m/v3')}}\n`),
  },
  {
    title: 'where the storage of the template was removed',
    from: inStorage(
      `  candidate:\n    version: v2\n    storageUri: s3://m/v2\n    overrides:\n      spec: {predictor: {model: {storage: null}}}\n`,
    ),
    to: inStorage(
      `  candidate:\n    version: v2\n    overrides:\n      spec: {predictor: {model: {storage: {path: m/v3}}}}\n`,
    ),
  },
  {
    title: 'in place of all overrides',
    wish: { storagePath: 'm/v3', withoutOverrides: true },
    from: inStorage(`  candidate:\n    version: v2\n    overrides: {metadata: {labels: {a: b}}}\n`),
    to: inStorage(`  candidate:\n    version: v2\n    ${storage('m/v3')}\n`),
  },
];

for (const { title, wish = { storagePath: 'm/v3' }, from, to } of stored)
  test(`a path in a storage is set: ${title}`, (t) => {
    t.is(set(from, wish), to);
    t.is(set(to, wish), to, 'what is set already changes no byte');
  });

test('a storage is known by the template or by a version', (t) => {
  const has = (spec: string) => hasStorage(toModel({ path: 'model.yaml', text: head + spec }));
  t.true(has(inStorage('')));
  t.false(has(block('')));
  t.true(has(block(`  candidate: {version: v2, ${storage('m/v2')}}\n`)));
});

const changed: readonly (Case & { readonly wish: CandidateWish })[] = [
  {
    title: 'only the version',
    wish: { version: 'v3' },
    from: `  candidate:\n    storageUri: s3://m/v2\n    version: v2 # new\n    overrides: {}\n`,
    to: `  candidate:\n    storageUri: s3://m/v2\n    version: v3 # new\n    overrides: {}\n`,
  },
  {
    title: 'in braces',
    wish: v3,
    from: `  candidate: {version: v2,storageUri:   s3://m/v2 }`,
    to: `  candidate: {version: v3,storageUri:   s3://m/v3 }`,
  },
  {
    title: 'quotes stay',
    wish: v3,
    from: `  candidate:\n    'version': 'v2'\n    "storageUri":\t"s3://m/v2"\t# tab\n`,
    to: `  candidate:\n    'version': 'v3'\n    "storageUri":\t"s3://m/v3"\t# tab\n`,
  },
  {
    title: 'quotes are added where they are needed',
    wish: { version: '1.0' },
    from: `  candidate:\n    version: v2\n    storageUri: s3://m/v2\n`,
    to: `  candidate:\n    version: "1.0"\n    storageUri: s3://m/v2\n`,
  },
  {
    title: 'block scalars become plain, and what is beside them stays',
    wish: v3,
    from: `  candidate:\n    version: |- # why\n      v2\n\n    storageUri: >-\n      s3://m/v2\n  # end\n`,
    to: `  candidate:\n    version: v3 # why\n\n    storageUri: s3://m/v3\n  # end\n`,
  },
  {
    title: 'a block scalar at the very end',
    wish: { version: 'v3' },
    from: `  candidate:\n    storageUri: s3://m/v2\n    version: |-\n      v2`,
    to: `  candidate:\n    storageUri: s3://m/v2\n    version: v3`,
  },
  {
    title: 'a text over several lines',
    wish: v3,
    from: `  candidate:\n    version: v2\n    storageUri: "s3://\\\n      m/v2" # folded\n`,
    to: `  candidate:\n    version: v3\n    storageUri: "s3://m/v3" # folded\n`,
  },
  {
    title: 'an anchor that nothing uses, and a tag, stay',
    wish: { version: 'v3' },
    from: `  candidate:\n    version: &v !!str v2\n    storageUri: s3://m/v2\n`,
    to: `  candidate:\n    version: &v !!str v3\n    storageUri: s3://m/v2\n`,
  },
  {
    title: 'keys with question marks',
    wish: v3,
    from: `  ? candidate\n  : ? version # k\n    : v2 # v\n    ? storageUri\n    : s3://m/v2\n`,
    to: `  ? candidate\n  : ? version # k\n    : v3 # v\n    ? storageUri\n    : s3://m/v3\n`,
  },
  {
    title: 'a missing field is added',
    wish: { name: 'blue' },
    from: `  candidate:\n    version: v2 # v\n    storageUri: s3://m/v2 # s\n    overrides: {}\n`,
    to: `  candidate:\n    version: v2 # v\n    storageUri: s3://m/v2 # s\n    name: blue\n    overrides: {}\n`,
  },
  {
    title: 'a missing field is added in braces',
    wish: { storageUri: 's3://m/a,b?c', name: 'blue' },
    from: `  candidate: {version: v2, overrides: {spec: {predictor: {model: {storage: {path: a}}}}}}\n`,
    to: `  candidate: {version: v2, storageUri: "s3://m/a,b?c", name: blue, overrides: {spec: {predictor: {model: {storage: {path: a}}}}}}\n`,
  },
  {
    title: 'a missing field is added in braces over lines',
    wish: { name: 'blue' },
    from: `  candidate: {\n    version: v2, # v\n    storageUri: s3://m/v2 # s\n  }\n`,
    to: `  candidate: {\n    version: v2, # v\n    storageUri: s3://m/v2, # s\n    name: blue\n  }\n`,
  },
  {
    title: 'overrides are removed on request',
    wish: { version: 'v3', withoutOverrides: true },
    from: `  candidate:\n    version: v2\n    overrides: # mine\n      spec:\n        a: |\n          b\n\n      # more\n    # name\n    storageUri: s3://m/v2\n`,
    to: `  candidate:\n    version: v3\n    # name\n    storageUri: s3://m/v2\n`,
  },
];

for (const { title, wish, from, to } of changed)
  test(`a candidate is changed: ${title}`, (t) => {
    t.is(set(block(from), wish), block(to));
    t.is(set(block(to), wish), block(to), 'what is set already changes no byte');
  });

const promoted: readonly Case[] = [
  {
    title: 'with the comments in it, and those of the fields around',
    from: `spec:
${template}  # what answers
  primary: # p
    version: v1 # since May
    storageUri: s3://m/v1
    overrides:
      spec: {a: 1}
    # old

  # what is tried
  candidate: # c
    # tuned on June

    version: 'v2' # good
    overrides:
        metadata:
            labels: {a: b} # x
    storageUri: s3://m/v2
    # new
  # the end
`,
    to: `spec:
${template}  # what answers
  primary: # p
    # tuned on June

    version: 'v2' # good
    overrides:
        metadata:
            labels: {a: b} # x
    storageUri: s3://m/v2
    # new

  # what is tried
  # the end
`,
  },
  {
    title: 'in another order and indentation, without a final line end',
    from: `spec:\n  primary:\n     version: v1\n     storageUri: s3://m/v1\n${template}  candidate:\n   version: v2\n   storageUri: s3://m/v2`,
    to: `spec:\n  primary:\n   version: v2\n   storageUri: s3://m/v2\n${template.trimEnd()}`,
  },
  {
    title: 'the candidate first',
    from: `spec:\n  candidate:\n    version: v2\n    storageUri: s3://m/v2\n  primary:\n    version: v1\n    storageUri: s3://m/v1\n${template}`,
    to: `spec:\n  primary:\n    version: v2\n    storageUri: s3://m/v2\n${template}`,
  },
  {
    title: 'both in braces',
    from: block(`  candidate: {version: v2, # new\n    storageUri: s3://m/v2} # c`),
    to: `spec:\n${template}  primary: {version: v2, # new\n    storageUri: s3://m/v2} # c`,
  },
  {
    title: 'all in braces',
    from: 'spec: {candidate: {version: v2, storageUri: s3://m/v2}, primary: {version: v1, storageUri: s3://m/v1}, template: {spec: {}}}\n',
    to: 'spec: {primary: {version: v2, storageUri: s3://m/v2}, template: {spec: {}}}\n',
  },
  {
    title: 'from braces to lines',
    from: `spec:\n${template}  primary:\n    version: v1\n    storageUri: s3://m/v1\n  candidate: {version: v2, storageUri: s3://m/v2} # c\n`,
    to: `spec:\n${template}  primary: {version: v2, storageUri: s3://m/v2} # c\n`,
  },
  {
    title: 'from braces to lines with a comment before them',
    from: `spec:\n${template}  primary: # p\n    version: v1\n    storageUri: s3://m/v1\n  candidate: {version: v2, storageUri: s3://m/v2} # c\n`,
    to: `spec:\n${template}  primary: # p\n    {version: v2, storageUri: s3://m/v2} # c\n`,
  },
  {
    title: 'from lines to braces',
    from: block(`  candidate:\n    version: v2 # c\n    storageUri: s3://m/v2\n`),
    to: `spec:\n${template}  primary:\n    version: v2 # c\n    storageUri: s3://m/v2\n`,
  },
  {
    title: 'a name of the candidate stays with it',
    from: `spec:\n${template}  primary:\n    version: v1\n    name: green\n    storageUri: s3://m/v1\n  candidate:\n    version: v2\n    storageUri: s3://m/v2\n    name: blue\n`,
    to: `spec:\n${template}  primary:\n    version: v2\n    storageUri: s3://m/v2\n    name: blue\n`,
  },
  {
    title: "without one the primary's stays, and is loaded again in its place",
    from: `spec:\n${template}  primary:\n    version: v1\n    name: 'green' # known to all\n    storageUri: s3://m/v1\n  candidate:\n    version: v2 # c\n    storageUri: s3://m/v2\n`,
    to: `spec:\n${template}  primary:\n    version: v2 # c\n    name: 'green' # known to all\n    storageUri: s3://m/v2\n`,
  },
  {
    title: 'values that the candidate takes from the primary by an alias',
    from: `spec:\n${template}  primary:\n    version: v1 # v\n    storageUri: &uri s3://m/v1\n    overrides: &o\n      spec: {a: 1}\n  candidate:\n    version: v2\n    storageUri: *uri\n    overrides: *o\n`,
    to: `spec:\n${template}  primary:\n    version: v2 # v\n    storageUri: &uri s3://m/v1\n    overrides: &o\n      spec: {a: 1}\n`,
  },
  {
    title: 'a candidate that is an alias of the primary',
    from: `spec:\n${template}  primary: &p\n    version: v1\n    storageUri: s3://m/v1\n  candidate: *p\n`,
    to: `spec:\n${template}  primary: &p\n    version: v1\n    storageUri: s3://m/v1\n`,
  },
];

for (const { title, from, to } of promoted) test(`a candidate is promoted: ${title}`, (t) => t.is(promote(from), to));

const discarded: readonly Case[] = [
  {
    title: 'with the comments in it, and no others',
    from: block(
      `\n  # above\n  candidate: # c\n    version: v2\n\n    # in it\n    storageUri: s3://m/v2\n\n    # of it\n\n  # below\n`,
    ),
    to: block(`\n  # above\n\n  # below\n`),
  },
  {
    title: 'with CRLF and without a final line end',
    from: block(`  # above\r\n  candidate:\r\n    version: v2\r\n    storageUri: s3://m/v2`),
    to: block(`  # above`),
  },
  {
    title: 'first in braces',
    from: 'spec: { candidate: {version: v2, storageUri: s3://m/v2} , primary: {version: v1, storageUri: s3://m/v1}, template: {spec: {}}}',
    to: 'spec: { primary: {version: v1, storageUri: s3://m/v1}, template: {spec: {}}}',
  },
  {
    title: 'last in braces over lines',
    from: `spec: {\n  template: {spec: {}},\n  primary: {version: v1, storageUri: s3://m/v1}, # p\n  candidate: {version: v2, storageUri: s3://m/v2} # c\n  # end\n}\n`,
    to: `spec: {\n  template: {spec: {}},\n  primary: {version: v1, storageUri: s3://m/v1} # p\n   # c\n  # end\n}\n`,
  },
];

for (const { title, from, to } of discarded)
  test(`a candidate is discarded: ${title}`, (t) => {
    t.is(discard(from), to);
    t.is(discard(to), to, 'without one there is nothing to do');
  });

test('an edit that is not safe is refused at its place, with the reason', (t) => {
  const alias = block(`  candidate: *p\n`).replace('primary: {', 'primary: &p {');
  t.is(set(alias, v3), '9: spec.candidate is not changed: it is an alias, and its anchor is used elsewhere, too');
  const anchored = `spec:\n  primary: {version: v1, storageUri: s3://m/v1}\n  candidate:\n    version: v2\n    storageUri: &uri s3://m/v2\n  template: {spec: {a: *uri}}\n`;
  t.is(discard(anchored), '7: spec.candidate is not changed: an anchor in it is used elsewhere');
  t.is(
    promote(anchored),
    anchored
      .replace(/ {2}candidate.*v2\n/s, '')
      .replace(/\{version.*v1\}/, '\n    version: v2\n    storageUri: &uri s3://m/v2')
      .replace('primary: \n', 'primary:\n'),
  );
  t.is(
    set(anchored, v3),
    '7: spec.candidate is not changed: something else in the file would change with it, for example through an anchor and its aliases',
  );
  const comma =
    'spec: {template: {spec: {}}, candidate: {version: v2, storageUri: s3://m/v2} # c\n  , primary: {version: v1, storageUri: s3://m/v1}}\n';
  t.is(discard(comma), '5: spec.candidate is not changed: it cannot be changed without changing more of the file');
});

test('in the old form a storage is part of its framework', (t) => {
  const text = `${head}spec:
  template:
    spec: {predictor: {sklearn: {storage: {key: minio, path: m/v1}}}}
  primary: {version: v1}
`;
  t.true(hasStorage(toModel({ path: 'model.yaml', text })));
  const source = { path: 'model.yaml', text };
  const edited = setCandidate(source, toModel(source), { version: 'v2', storagePath: 'm/v2' });
  t.deepEqual(edited, {
    text: `${text}  candidate: {version: v2, overrides: {spec: {predictor: {sklearn: {storage: {path: m/v2}}}}}}\n`,
  });
});
