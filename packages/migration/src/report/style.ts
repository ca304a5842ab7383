/** The look of the report, light and dark, on screen and on paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#ffffff, #1c2027);
  --text: light-dark(#1b2430, #e4e8ee);
  --quiet: light-dark(#5c6878, #98a3b3);
  --rule: light-dark(#e1e5ea, #2c323c);
  --accent: light-dark(#1667c7, #6aaef5);
  --good: light-dark(#137a43, #58c98b);
  --warn: light-dark(#9a6200, #e5b04c);
  --bad: light-dark(#b3261e, #f2857c);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 40px 24px 64px; }
header p { margin: 4px 0 0; color: var(--quiet); }
h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 14px; font-size: 17px; }
h3 { margin: 18px 0 6px; font-size: 14px; color: var(--quiet); font-weight: 600; }
.state { display: inline-block; margin: 14px 0 0; padding: 4px 12px; border-radius: 99px; font-size: 14px; font-weight: 600; border: 1px solid currentColor; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .plain { color: var(--accent); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 26px 0; }
.figure, section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
.figure { padding: 14px 16px; }
.figure dt { color: var(--quiet); font-size: 13px; }
.figure dd { margin: 2px 0 0; font-size: 24px; font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figure small { color: var(--quiet); font-size: 12px; line-height: 1.35; display: block; margin-top: 3px; }
section { padding: 20px 22px; margin: 0 0 16px; }
.route { display: grid; grid-template-columns: 1fr auto 1fr; gap: 16px; align-items: center; margin-bottom: 14px; }
.route div { overflow-wrap: anywhere; } .route b { display: block; font-size: 13px; color: var(--quiet); font-weight: 600; }
.route span { font-size: 22px; color: var(--quiet); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--quiet); font-weight: 600; font-size: 12.5px; }
th, td { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; padding-right: 0; white-space: nowrap; }
td.status { white-space: nowrap; font-weight: 600; }
section > .scroll:not(:has(th)) td:first-child:not(.status) { width: 220px; color: var(--quiet); }
tr.phase td { font-weight: 650; padding-top: 14px; }
td.step { padding-left: 16px; }
.bar { display: block; height: 4px; margin-top: 5px; border-radius: 2px; background: var(--accent); opacity: 0.75; min-width: 2px; }
code { font: 12.5px/1.4 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.empty, .note { color: var(--quiet); margin: 0; }
svg { display: block; width: 100%; height: auto; }
svg .grid { stroke: var(--rule); } svg .tick { fill: var(--quiet); font-size: 11px; }
svg .line { fill: none; stroke: var(--accent); stroke-width: 1.75; stroke-linejoin: round; }
svg .area { fill: var(--accent); opacity: 0.13; }
svg .limit { stroke: var(--bad); stroke-dasharray: 5 4; } svg .limit-label { fill: var(--bad); font-size: 11px; }
footer { color: var(--quiet); font-size: 13px; margin-top: 22px; }
@media (max-width: 620px) { .route { grid-template-columns: 1fr; } .route span { display: none; } main { padding: 24px 14px; } }
@media print { body { background: none; } section, .figure { break-inside: avoid; } }
`;
