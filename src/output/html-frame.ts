/**
 * What all pages of HTML share. Invariants: self-contained, without scripts, and nothing is loaded from elsewhere.
 */
import { toHtmlText } from './html-text.ts';

/**
 * @param title as text.
 * @param css with `pageCss` in it.
 * @param main of HTML, ending in a newline.
 */
export function toHtmlFrame(title: string, css: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${toHtmlText(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
${main}</main>
</body>
</html>
`;
}

export const pageCss = `
:root { color-scheme: light dark; --page: #fff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #f3f5f7;
  --ready: #1a7f37; --loading: #0969da; --failed: #cf222e; --idle: #6e7781; --mirror: #8250df }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #e6edf3; --quiet: #9198a1; --line: #3d444d;
  --ground: #161b22; --ready: #238636; --loading: #1f6feb; --failed: #da3633; --idle: #656c76; --mirror: #8957e5 } }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Liberation Sans", Arial, sans-serif }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px; overflow-wrap: anywhere }
h1 { font-size: 1.6em; margin: 0 0 .2em } h2 { font-size: 1.2em; margin: 1.6em 0 .5em }
p { margin: .2em 0 } .note { color: var(--failed) }
.wide { overflow-x: auto; margin-top: 1em } svg { display: block; width: 100%; min-width: 640px; height: auto }
svg text { fill: var(--text); font-size: 13px } .tick text { fill: var(--quiet); font-size: 11px }
svg .in { fill: #fff; font-weight: 600 } .ground { --own: var(--ground) } .axis { stroke: var(--line); stroke-width: 2 }
.ready { --own: var(--ready) } .loading, .pending { --own: var(--loading) } .failed, .missing { --own: var(--failed) }
.stopped, .deleting, .unknown { --own: var(--idle) } .mirror { --own: var(--mirror) } svg rect[class] { fill: var(--own) }
svg rect:not(.ground) { stroke: var(--page); stroke-width: 1 }
circle { stroke: var(--page); stroke-width: 1.5 } circle.person { fill: var(--text) } circle.watcher { fill: var(--idle) }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: .6em 0 0; color: var(--quiet); font-size: .87em }
.legend b { display: inline-block; width: 11px; height: 11px; margin-right: 6px; background: var(--own) }
table { border-collapse: collapse; min-width: 820px; width: 100%; font-size: .93em } th { white-space: nowrap }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line) }
ol { list-style: none; margin: 0; padding: 0 } ol > li { border-left: 3px solid var(--line); padding: 2px 0 2px 12px; margin: 8px 0 }
ol > li.person { border-color: var(--mirror) } li.watcher p { color: var(--quiet) } ul { margin: 0; padding-left: 1.2em }
time { font-variant-numeric: tabular-nums } code { font-family: ui-monospace, "Liberation Mono", monospace; font-size: .9em }
`;
