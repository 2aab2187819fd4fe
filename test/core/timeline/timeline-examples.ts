/** Random histories of models that are really rendered. */
import fc from 'fast-check';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { renderApplication } from '../../../src/core/render/application.ts';
import type { RenderedRollout } from '../../../src/core/render/decide-model.ts';
import type { TimelinePoint } from '../../../src/core/timeline/points.ts';
import { anyCharacter } from '../../any-character.ts';

interface Choice {
  readonly candidate: string | undefined;
  readonly percentage: number;
  readonly state: string | undefined;
}

const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
const version = (name: string) => `{version: ${name}, storageUri: "s3://models/${name}"}`;

function toFiles({ candidate, percentage }: Choice, status?: string): Record<string, string> {
  return {
    'model.yaml': `${head}kind: Model
metadata: {name: wisdom, namespace: models}
spec:
  template: {metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}, spec: {predictor: {model: {modelFormat: {name: sklearn}}}}}
  primary: ${version('v1')}
${candidate === undefined ? '' : `  candidate: ${version(candidate)}\n`}`,
    'policy.yaml': `${head}kind: MirrorPolicy\nmetadata: {name: wisdom}\nspec: {mirrorPercentage: ${percentage}}\n`,
    ...(status === undefined ? {} : { 'status.yaml': status }),
  };
}

function render(files: Readonly<Record<string, string>>): RenderedRollout {
  const found = Object.keys(files).map((path) => ({ path, folder: '.', name: path }));
  const tree = {
    folder: '.',
    files: found,
    policyRoot: '.',
    ignoredPolicies: [],
    problems: [],
    read: ({ path }: { path: string }) => ({ path, text: files[path] ?? '' }),
  };
  const [rollout] = renderApplication(tree, {}, () => undefined).rollouts;
  if (rollout === undefined) throw new Error('the model must be valid');
  return rollout;
}

/** As it is rendered with a status file that reports this state. */
export function toRenderedExample(choice: Choice): RenderedRollout {
  const { primary, candidates } = render(toFiles(choice));
  if (choice.state === undefined || choice.candidate === undefined) return render(toFiles(choice));
  const status = `${head}kind: ModelStatus
metadata: {name: wisdom, namespace: models}
status:
  primary: {name: wisdom-0, version: v1, digest: ${primary.digest}, state: Ready}
  candidates: [{name: wisdom-1, version: ${choice.candidate}, digest: ${candidates[0]?.digest}, state: ${choice.state}, reason: "<b>why</b>"}]
`;
  return render(toFiles(choice, status));
}

const choices = [undefined, 'v2', 'v3'].flatMap((candidate) =>
  [0, 20, 100].flatMap((percentage) =>
    [undefined, 'Loading', 'Ready', 'Failed'].map((state): Choice => ({ candidate, percentage, state })),
  ),
);
const rendered = choices.map(toRenderedExample);

const models: fc.Arbitrary<TimelinePoint['model']> = fc.oneof(
  { weight: 1, arbitrary: fc.constant('absent' as const) },
  {
    weight: 1,
    arbitrary: fc.constant([
      {
        severity: 'error',
        code: 'yaml-syntax',
        file: safe`a`,
        line: 1,
        column: 1,
        field: safe``,
        message: safe`<i>`,
        hint: safe``,
      } as const,
    ]),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom(...rendered),
  },
);
const hostile = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 30 }),
  fc.constantFrom(
    '</title><script>alert(1)</script>',
    '"><img src=x onerror=y>',
    "' onload='",
    '&lt;',
    '\u001b[31m',
    '<!--',
    ']]>',
  ),
);
const wholeHistories: fc.Arbitrary<TimelinePoint[]> = fc.array(
  fc.record({
    commit: fc.record({
      id: fc.constantFrom('0123456789abcdef0123456789abcdef01234567'),
      author: hostile,
      mergedBy: fc.option(hostile, { nil: undefined }),
      time: fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }),
      subject: hostile,
      isStatusOnly: fc.boolean(),
    }),
    model: models,
  }),
  { maxLength: 12 },
);

/** Whatever people may do and write, with clocks in any order; some are cut off. */
export const histories: fc.Arbitrary<TimelinePoint[]> = fc
  .tuple(wholeHistories, fc.boolean())
  .map(([points, isCut]) =>
    points.map((point, i) =>
      i === 0 && isCut && point.model !== 'absent'
        ? { ...point, commit: { ...point.commit, author: undefined, mergedBy: undefined } }
        : point,
    ),
  );
