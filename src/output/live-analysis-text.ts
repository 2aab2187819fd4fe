/** Live counts of a judgement, for a terminal. */
import type { CheckOutlook, LiveView, Outlook } from '../core/assess/outlook.ts';
import { checkHeadings, toCheckRow } from './check-row.ts';
import { toColumns } from './columns.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import {
  toAboutSubjectText,
  toCoverageText,
  toHoldText,
  toLiveBlindnessText,
  toMissingText,
  toProspectText,
  toUnjudgedText,
} from './words/outlook.ts';

const colours = { Failing: 'red', Passing: 'green', Unknown: 'yellow', Inconclusive: 'bold' } as const;

export function toLiveLines(view: LiveView, style: Style): string[] {
  switch (view.code) {
    case 'not-asked':
      return [style('dim', "For live counts, add --live, or --watcher with the watcher's address.")];
    case 'failed':
      return [];
    case 'unjudged':
      return [`No live counts: ${toUnjudgedText(view.why)}`];
    case 'found':
      return toOutlookLines(view.outlook, style);
  }
}

function toOutlookLines(outlook: Outlook, style: Style): string[] {
  const { live, checks, prospect } = outlook;
  const { verdict, askedAt, blindness, coverage, steps, subject } = live;
  const isDecided = prospect.code === 'decided';
  const step = steps > 1 ? `, step ${subject.step + 1} of ${steps}` : '';
  return [
    `Live, at ${askedAt}${step}: ${style(colours[verdict], verdict)}${
      blindness === undefined ? '' : toShown(`, ${toLiveBlindnessText(blindness)}`, 400)
    }`,
    ...toLine(toAboutSubjectText(outlook), 'yellow'),
    ...(checks.length === 0 ? [] : ['', ...toCheckLines(checks, isDecided), '']),
    ...toLine(toProspectText(prospect), prospect.code === 'will-fail' ? 'red' : 'bold'),
    ...toLine(toHoldText(live), 'dim'),
    ...toLine(coverage && toCoverageText(coverage), 'dim'),
  ];

  function toLine(text: string | undefined, format: Parameters<Style>[0]): string[] {
    return text === undefined ? [] : [style(format, toShown(text, 400))];
  }
}

function toCheckLines(checks: readonly CheckOutlook[], isDecided: boolean): string[] {
  return toColumns([
    checkHeadings,
    ...checks.map((check) => [...toCheckRow(check), isDecided ? '' : toMissingText(check)]),
  ]);
}
