/**
 * `npm run test:page`: pages for the watcher's `--page`, as a git host would draw them, with the real
 * Mermaid in Chromium: an example, and names that try to break out.
 *
 * Ends with 1 when Mermaid refuses a picture, a text does not come out as it went in, an element is
 * there that no page has, or something is loaded from anywhere. With `--keep`, `docs/status-page.png`
 * is rewritten.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { marked } from 'marked';
import type { Browser, Page } from 'playwright-core';
import { toShown } from '../../src/output/page-text.ts';
import { type PageModel, toStatusPage } from '../../src/output/status-page.ts';
import { maxPictured } from '../../src/output/status-picture.ts';
import { anyCharacter } from '../any-character.ts';
import { launchChromium } from './chromium.ts';
import { hostileTexts, mornings, toHostileModels } from './status-page-examples.ts';

/** As GitHub and as GitLab configure Mermaid, in both modes. */
const configurations = [
  { theme: 'default', securityLevel: 'strict' },
  { theme: 'dark', securityLevel: 'strict', htmlLabels: false, flowchart: { htmlLabels: false } },
] as const;

/** What a page consists of, outside of its picture. */
const elements = 'h1 h2 p strong ul li a code table thead tbody tr th td pre'.split(' ');
const pictureElements =
  'svg style g marker path rect text tspan circle polygon foreignObject div span p br defs filter feDropShadow linearGradient stop'.split(
    ' ',
  );

const css = `
  body { margin: 0; padding: 32px; background: #ffffff; color: #1f2328; width: 948px;
    font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", Helvetica, Arial, sans-serif }
  h1, h2 { font-weight: 600; border-bottom: 1px solid #d1d9e0b3; padding-bottom: .3em; margin: 24px 0 16px }
  h1 { font-size: 2em; margin-top: 0 } h2 { font-size: 1.5em }
  a { color: #0969da } code { background: #818b981f; border-radius: 6px; padding: .2em .4em;
    font: 85% ui-monospace, "Liberation Mono", monospace; white-space: break-spaces }
  table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto }
  th, td { border: 1px solid #d1d9e0; padding: 6px 13px } tbody tr:nth-child(2n) { background: #f6f8fa }
  ul { padding-left: 2em } pre { margin: 0; text-align: center }
  body.dark { background: #0d1117; color: #f0f6fc } .dark th, .dark td { border-color: #3d444d }
  .dark tbody tr:nth-child(2n) { background: #151b23 } .dark a { color: #4493f8 }`;

const problems: string[] = [];
const browser = await launchChromium();
try {
  const page = await open(browser);
  for (const configuration of configurations) {
    await check(page, mornings, configuration);
    for (const models of toGroups(toHostileModels([...hostileTexts, ...toChanceTexts()])))
      await check(page, models, configuration);
  }
  if (process.argv.includes('--keep')) {
    await show(page, mornings, configurations[0]);
    const folder = fileURLToPath(new URL('../../docs/', import.meta.url));
    mkdirSync(folder, { recursive: true });
    await page.locator('body').screenshot({ path: `${folder}status-page.png` });
  }
} finally {
  await browser.close();
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stderr.write(`${problems.length} problems in what git hosts would show\n`);
process.exitCode = problems.length > 0 ? 1 : 0;

async function open(from: Browser): Promise<Page> {
  const page = await from.newPage({ viewport: { width: 1012, height: 800 }, deviceScaleFactor: 2, offline: true });
  page.on('request', (request) => problems.push(`something is loaded: ${request.url()}`));
  page.on('dialog', (dialog) => {
    problems.push(`a script ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => problems.push(`in the page: ${error.message}`));
  await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('mermaid/dist/mermaid.min.js')) });
  return page;
}

/** Mermaid stays loaded: only the body is another. */
async function show(
  page: Page,
  models: readonly PageModel[],
  configuration: (typeof configurations)[number],
): Promise<boolean> {
  const html = marked
    .parse(toStatusPage({ models, cluster: undefined }), { async: false })
    .replace(/<pre><code class="language-mermaid">(.*?)<\/code><\/pre>/gs, '<pre class="mermaid">$1</pre>');
  const body = `<style>${css}</style><main>${html}</main>`;
  await page.evaluate(`document.body.innerHTML = ${JSON.stringify(body)};
    document.body.className = ${JSON.stringify(configuration.theme)};
    mermaid.initialize(${JSON.stringify({ startOnLoad: false, ...configuration })});`);
  try {
    await page.evaluate(`mermaid.parse(document.querySelector('.mermaid').textContent)`);
    await page.evaluate('mermaid.run()');
    return true;
  } catch (error) {
    problems.push(
      `Mermaid refuses the picture of ${models.map(({ name }) => JSON.stringify(name)).join(' ')}: ${error}`,
    );
    return false;
  }
}

async function check(
  page: Page,
  models: readonly PageModel[],
  configuration: (typeof configurations)[number],
): Promise<void> {
  if (!(await show(page, models, configuration))) return;
  const main = page.locator('main');
  expectSame('elements', await evaluateAll(page, 'main *:not(svg *):not(svg)', 'one.localName'), elements);
  expectSame(
    'elements of the picture',
    await evaluateAll(page, 'main svg, main svg *', 'one.localName'),
    pictureElements,
  );
  for (const link of await evaluateAll(page, 'main a', 'one.getAttribute("href")'))
    if (!/^\.\/[\w.~%/-]*$/.test(link)) problems.push(`a link leads away: ${link}`);
  for (const row of await main.locator('tr').all())
    if ((await row.locator('th, td').count()) !== 5) problems.push(`a row is broken: ${await row.textContent()}`);
  const cells = await main.locator('td:first-child').allTextContents();
  const names = models.map(({ name }) =>
    toShown(name, 80)
      .replaceAll('`', 'ˋ')
      .replace(/\\(?=\|)/g, '\\ '),
  );
  expectEqual('names in the table', cells.toSorted(), names.toSorted());

  const pictured = models.filter(({ status }) => status.candidates.length > 0);
  const boxes = (await main.locator('svg g.node').allTextContents()).map(toLine);
  const wanted = pictured.flatMap(({ name, namespace, status: { primary, candidates } }) => [
    toLine(`requests to ${toDrawn(name, 40)}in ${toDrawn(namespace, 30)}`),
    ...[primary, ...candidates].map((version, i) => {
      const said = version?.reason === undefined ? '' : ` ${toDrawn(version.reason, 40)}`;
      return toLine(
        `${i === 0 ? 'primary' : 'candidate'} ${toDrawn(version?.version ?? version?.name ?? '', 30)}${version?.state}${said}`,
      );
    }),
  ]);
  expectEqual('boxes of the picture', boxes.toSorted(), wanted.toSorted());
  const arrows = await main.locator('svg .edgePaths path').count();
  const versions = pictured.reduce((sum, { status }) => sum + 1 + status.candidates.length, 0);
  if (arrows !== versions) problems.push(`${arrows} arrows for ${versions} versions`);
}

/** What an expression gives for each element, once each. */
function evaluateAll(page: Page, selector: string, expression: string): Promise<readonly string[]> {
  return page.evaluate(
    `[...new Set([...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => ${expression}))]`,
  );
}

function expectSame(what: string, found: readonly string[], allowed: readonly string[]): void {
  const strange = found.filter((name) => !allowed.includes(name));
  if (strange.length > 0) problems.push(`${what} that no page has: ${strange.join(', ')}`);
}

function expectEqual(what: string, found: readonly string[], wanted: readonly string[]): void {
  for (const text of wanted.filter((one) => !found.includes(one)))
    problems.push(`${what}: ${JSON.stringify(text)} is not there`);
  for (const text of found.filter((one) => !wanted.includes(one)))
    problems.push(`${what}: ${JSON.stringify(text)} should not be there`);
}

/** The picture leaves out what the table has. */
function toDrawn(text: string, maxLength: number): string {
  return toShown(text, maxLength).replace(/[^\p{L}\p{M}\p{N} ._…-]/gu, '\uFFFD');
}

/** Where lines of a label are broken is Mermaid's. */
function toLine(text: string): string {
  return text.replace(/\s/gu, '');
}

function toGroups(models: readonly PageModel[]): readonly (readonly PageModel[])[] {
  return Array.from({ length: Math.ceil(models.length / maxPictured) }, (_, i) =>
    models.slice(i * maxPictured, (i + 1) * maxPictured),
  );
}

/** The same at each run. */
function toChanceTexts(): readonly string[] {
  const signs = fc.constantFrom(
    ...'|`\\"\'<>[](){}#;&%:*_~$!@-=.+/ \n',
    'a',
    'end',
    'n1',
    '-->',
    '#35;',
    '&amp;',
    '<br>',
    'ﬂ°',
  );
  return fc.sample(
    fc.string({ unit: fc.oneof(signs, fc.string({ unit: anyCharacter, maxLength: 1 })), minLength: 1 }),
    {
      numRuns: 60,
      seed: 1,
    },
  );
}
