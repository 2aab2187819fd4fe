/**
 * How often verdicts are wrong, and how many calls they take: simulates the whole procedure, and writes the tables of
 * docs/how-it-judges.md with `--write`. `--runs N` simulates fewer candidates than 10,000.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { brakeBudget } from '../../src/core/analysis/budget.ts';
import { checks } from '../statistics/candidate-run.ts';
import {
  alpha,
  days,
  findBrakeChance,
  findCallsNeeded,
  findFixedWindow,
  findPower,
  findWrong,
  volumes,
} from '../statistics/procedure.ts';

const page = new URL('../../docs/how-it-judges.md', import.meta.url);

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10000' }, write: { type: 'boolean' } } });
const runs = Number(values.runs);
const started = performance.now();

const percent = (share: number) =>
  share === 0 ? '0 %' : `${Number((share * 100).toPrecision(share < 0.1 ? 2 : 3))} %`.replace(/e.*/, ' %');
const round = (calls: number) => {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(calls)) - 1);
  return (Math.round(calls / unit) * unit).toLocaleString('en');
};

function toTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function toCallsTable(): Promise<string> {
  const tables = [
    [0.002, [0, 0.0002, 0.001, 0.004, 0.01, 0.2, 1]],
    [0.01, [0, 0.001, 0.003, 0.005, 0.02, 0.05, 0.2, 1]],
    [0.05, [0, 0.01, 0.025, 0.1, 0.2, 1]],
  ] as const;
  const rows: string[][] = [];
  for (const [limit, rates] of tables)
    for (const { rate, standing, median, ninety } of await findCallsNeeded(limit, rates, alpha, 400)) {
      const [brake] = rate > limit ? await findCallsNeeded(limit, [rate], brakeBudget / checks.length, 400) : [];
      rows.push([
        percent(limit),
        percent(rate),
        standing === 'over' ? 'Failing' : 'Passing',
        round(median),
        round(ninety),
        brake === undefined ? '' : round(brake.median),
      ]);
    }
  return toTable(
    ['limit', 'bad in truth', 'verdict', 'half of all candidates', 'nine in ten', 'brake alone, half'],
    rows,
  );
}

async function toWrongTable(): Promise<string> {
  const found = await findWrong(runs);
  return toTable(
    ['candidate', 'simulated', 'wrongly Failing', 'of these by the brake', 'so at most', 'Passing in all steps'],
    found.map(({ candidate, runs: n, bySequence, byBrake, upper, passed }) => [
      candidate,
      n.toLocaleString('en'),
      bySequence + byBrake,
      byBrake,
      percent(upper),
      percent(passed / n),
    ]),
  );
}

async function toPower(): Promise<string> {
  const { calls, runs: n } = await findPower(2000);
  const by = (share: number) => (calls[Math.ceil(n * share) - 1] ?? Number.NaN).toLocaleString('en');
  const never = calls.filter((one) => one === Number.POSITIVE_INFINITY).length;
  return (
    `Of ${n.toLocaleString('en')} simulated candidates with one check at 2 % where the limit is 1 %, half were Failing after ${by(0.5)} calls, ` +
    `90 % after ${by(0.9)} and 99 % after ${by(0.99)}; ${never === 0 ? 'all were in the end' : `${never} never were`}.`
  );
}

async function toWindowTable(): Promise<string> {
  const found = await findFixedWindow([0.005, 0.009, 0.01], 500);
  return toTable(
    [
      'bad in truth (limit 1 %)',
      'above the limit at some time: last 1,000 calls',
      'that verdict changes',
      'repeated 5 % test',
    ],
    found.map(({ rate, thresholdFails, flipsADay, zTestFails }) => [
      percent(rate),
      percent(thresholdFails),
      `${Number(flipsADay.toPrecision(2))} times a day`,
      percent(zTestFails),
    ]),
  );
}

function toBrakeTable(): string {
  return toTable(
    ['calls in five minutes', `a wrong brake in ${days} days, exactly at all four limits`],
    volumes.map((calls) => [calls.toLocaleString('en'), percent(findBrakeChance(calls))]),
  );
}

const parts: Readonly<Record<string, string>> = {
  calls: await toCallsTable(),
  window: await toWindowTable(),
  brake: toBrakeTable(),
  power: await toPower(),
  wrong: await toWrongTable(),
};

for (const part of Object.values(parts)) process.stdout.write(`${part}\n\n`);
process.stdout.write(`${((performance.now() - started) / 1000).toFixed(0)} s\n`);
if (values.write) {
  let text = readFileSync(page, 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const between = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
    if (!between.test(text)) throw new Error(`docs/how-it-judges.md has no place for ${name}`);
    text = text.replace(between, (_, before: string, after: string) => `${before}\n${part}\n\n${after}`);
  }
  writeFileSync(page, text);
}
