/**
 * `npm run test:page`: the page of `model-mirror history` in Chromium, wide and narrow, light and dark:
 * an example, and random histories whose names and messages try to break out.
 *
 * Exits with 1 when anything is loaded or a script runs, when something is drawn outside of its area or over something
 * else, or when a change is not visible. With `--keep`, it writes `docs/history.png`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { computeTimeline } from '../../src/core/timeline/timeline.ts';
import { toHistoryPage } from '../../src/output/history-page.ts';
import { histories } from '../core/timeline/timeline-examples.ts';
import { launchChromium } from './chromium.ts';

const root = join(import.meta.dirname, '../..');
const example = readFileSync(join(root, 'fixtures/history/html/expected/stdout.txt'), 'utf8');
const notes = { revision: { name: 'HEAD', commit: '0123456' }, isShallow: true, leftOut: 0 };
const chance = fc
  .sample(histories, { numRuns: 25, seed: 7 })
  .filter((history) => history.length > 1)
  .map((history) =>
    toHistoryPage(computeTimeline({ name: 'wisdom', namespace: 'models' }, history, 1_900_000_000), notes),
  );

/** Runs in the page. @returns what is wrong with it as it is drawn. */
const inspect = `() => {
  const found = [];
  const boxOf = (element) => element.getBoundingClientRect();
  const isWithin = (inner, outer) =>
    inner.left >= outer.left - 1 &&
    inner.right <= outer.right + 1 &&
    inner.top >= outer.top - 1 &&
    inner.bottom <= outer.bottom + 1;
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('it is wider than the window');
  const svg = document.querySelector('svg');
  if (svg === null || boxOf(svg).width < 600 || boxOf(svg).height < 100) return [...found, 'there is no picture'];
  for (const element of svg.querySelectorAll('text, rect, circle'))
    if (!isWithin(boxOf(element), boxOf(svg))) found.push('drawn outside of the picture: ' + element.outerHTML);
  for (const text of svg.querySelectorAll('.in')) {
    const bar = text.parentElement?.querySelector('rect');
    const [words, place] = [boxOf(text), bar && boxOf(bar)];
    if (!place || words.left < place.left || words.right > place.right + 1)
      found.push('a text leaves its bar: ' + text.textContent);
  }
  const ticks = [...svg.querySelectorAll('.tick')].map(boxOf);
  for (const [i, tick] of ticks.entries()) {
    const next = ticks[i + 1];
    if (next !== undefined && tick.right > next.left) found.push('the times run into each other');
  }
  const events = [...document.querySelectorAll('ol > li')];
  if (svg.querySelectorAll('circle').length !== events.length)
    found.push('the picture has not as many marks as there are changes');
  for (const event of events)
    if (boxOf(event).height < 20 || event.querySelectorAll('li').length === 0)
      found.push('not to be seen: ' + event.textContent);
  const [red = 0, green = 0, blue = 0] = (getComputedStyle(document.body).backgroundColor.match(/\\d+/g) ?? []).map(
    Number,
  );
  const isDark = red + green + blue < 384;
  if (isDark !== window.matchMedia('(prefers-color-scheme: dark)').matches)
    found.push('it does not follow the colours that are asked for');
  return found;
}`;

const problems: string[] = [];
const browser = await launchChromium();
try {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [400, 1200]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, offline: true });
      page.on('request', (request) => problems.push(`something is loaded: ${request.url()}`));
      page.on('pageerror', (error) => problems.push(`in the page: ${error.message}`));
      page.on('console', (message) => problems.push(`the page complains: ${message.text()}`));
      page.on('dialog', (dialog) => {
        problems.push(`a script ran: ${dialog.message()}`);
        void dialog.dismiss();
      });
      for (const [i, html] of [example, ...chance].entries()) {
        await page.setContent(html);
        const found = (await page.evaluate(`(${inspect})()`)) as string[];
        problems.push(...found.map((problem) => `page ${i}, ${width} wide, ${colorScheme}: ${problem}`));
      }
      await page.close();
    }
  if (process.argv.includes('--keep')) {
    const page = await browser.newPage({ viewport: { width: 1060, height: 620 }, deviceScaleFactor: 1.5 });
    await page.setContent(example);
    await page.screenshot({ path: join(root, 'docs/history.png') });
  }
} finally {
  await browser.close();
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stderr.write(`${chance.length + 1} pages of history, ${problems.length} problems\n`);
process.exitCode = problems.length > 0 || chance.length < 10 ? 1 : 0;
