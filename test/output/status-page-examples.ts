import type { PageModel } from '../../src/output/status-page.ts';

type Status = PageModel['status'];
type Version = NonNullable<Status['primary']>;

/** A model as the watcher gives it. */
export function toModel(namespace: string, name: string, status: Status): PageModel {
  return { name, namespace, folder: `models/${name}`, link: `models/${name}`, status };
}

export function toVersion(
  name: string,
  version: string,
  state: Version['state'],
  said: Partial<Version> = {},
): Version {
  return { name, version, state, ...said };
}

/** What the picture in the documentation shows. */
export const mornings: readonly PageModel[] = [
  toModel('modelmesh-serving', 'wisdom', {
    primary: toVersion('wisdom-0', 'v1', 'Ready'),
    candidates: [{ ...toVersion('wisdom-1', 'v2', 'Ready'), mirror: { percentage: 20 } }],
  }),
  toModel('modelmesh-serving', 'fraud-score', {
    primary: toVersion('fraud-score-0', '2026.10', 'Ready'),
    candidates: [
      toVersion('fraud-score-1', '2026.11', 'Failed', {
        reason: 'ModelLoadFailed',
        message: 'Failed to load model: no such key s3://approved/fraud-score/2026.11/model.onnx',
      }),
    ],
  }),
  toModel('modelmesh-serving', 'intent', {
    primary: toVersion('intent-0', 'v7', 'Ready'),
    candidates: [toVersion('intent-1', 'v8', 'Loading')],
  }),
  toModel('search', 'ranking', {
    primary: toVersion('ranking-0', 'v31', 'Ready'),
    candidates: [toVersion('ranking-1', 'v32', 'Ready')],
  }),
  toModel('search', 'spelling', { primary: toVersion('spelling-0', 'v4', 'Ready'), candidates: [] }),
  toModel('search', 'synonyms', { primary: toVersion('synonyms-0', 'v2', 'Ready'), candidates: [] }),
];

/** What breaks tables, pictures or readers, if it gets there. */
export const hostileTexts: readonly string[] = [
  'end',
  'subgraph',
  'a|b',
  'a\\|b',
  'a\\\\|b\\',
  '`',
  '``|`` and `',
  '```mermaid\nflowchart LR\n```',
  '~~~',
  'x\n\n| more | rows |\n|---|---|\n| a | b |',
  'x\r# heading',
  '"]; n1 --> n9["',
  '"] --> n9',
  '#quot;] --> n9',
  '#60;b#62; #38;lt; #lt;',
  '&lt;b&gt; &#60;b&#62;',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '--> <!-- </code></pre></table>',
  'a<br>b',
  '[x](javascript:alert(1))',
  '](https://evil.example)[',
  '![x](https://evil.example/x.png)',
  'https://evil.example',
  'www.evil.example',
  'someone@evil.example',
  '@someone #1 !1 :smile: 0123abcd',
  '%%{init: {"theme": "forest"}}%%',
  '%% comment',
  '---\ntitle: x\n---',
  'style n1 fill:#f00;',
  'classDef failed fill:#0f0;',
  'click n1 "https://evil.example"',
  'click n1 href "javascript:alert(1)"',
  'n1:::failed',
  'n1@{ shape: circle }',
  'x --x y',
  '$$x^2$$',
  'fa:fa-car',
  '`*markdown*`',
  '*bold* _low_ ~~gone~~',
  '1. one',
  '1) one',
  '- one',
  '+ one',
  '> quoted',
  '{{x}} {x} (x) [x]',
  'ﬂ°°60¶ß ﬂ°lt¶ß',
  'left\u202egnp.thgir\u2066',
  'nul\u0000 bell\u0007 tag\u{e0041}',
  'half \ud83e and \udd8a',
  'fox 🦊 ünï 日本語 العربية',
  'm'.repeat(300),
  '🦊'.repeat(300),
  '`'.repeat(300),
  '   ',
];

/** Each text wherever a text can be, all states in turn. */
export function toHostileModels(texts: readonly string[]): readonly PageModel[] {
  const states = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'] as const;
  return texts.map((text, i) => ({
    name: text,
    namespace: text,
    folder: text,
    link: text,
    status: {
      primary: { name: text, state: states[i % states.length] ?? 'Ready', reason: text, message: text },
      candidates: [
        {
          name: text,
          version: text,
          state: states[(i + 4) % states.length] ?? 'Ready',
          reason: text,
          message: text,
          ...(i % 3 === 1 && { mirror: { percentage: 0.0001 } }),
        },
        ...(i % 3 === 2 ? [{ name: `${text} too`, state: 'Missing' as const, mirror: { percentage: 0.0001 } }] : []),
      ],
    },
  }));
}
