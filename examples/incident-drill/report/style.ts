/** The page's own style: nothing is fetched. */
export const style = `
:root { color-scheme: light dark; --paper: #faf9f7; --card: #ffffff; --ink: #1c1b19; --soft: #66625b; --line: #e4e1db; --track: #efece6; --unprotected: #c8501e; --protected: #14788a; --mandatory: #6a4fb0; }
@media (prefers-color-scheme: dark) { :root { --paper: #151617; --card: #1d1f21; --ink: #ececea; --soft: #a3a19c; --line: #34373a; --track: #2a2d30; --unprotected: #f2834f; --protected: #4fb8cb; --mandatory: #a992e8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1184px; margin: 0 auto; padding: 48px 32px 64px; }
h1 { font-size: 34px; line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 12px; }
h2 { font-size: 20px; letter-spacing: -0.01em; margin: 44px 0 16px; }
h3 { font-size: 14px; font-weight: 500; color: var(--soft); margin: 0 0 10px; }
p { margin: 0 0 12px; max-width: 72ch; }
.lead { color: var(--soft); font-size: 17px; }
.legend { display: flex; gap: 20px; margin: 20px 0 0; font-size: 14px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px; background: currentColor; vertical-align: -1px; }
.key.unprotected { color: var(--unprotected); } .key.protected { color: var(--protected); } .key.mandatory { color: var(--mandatory); }
.pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 16px; }
.pair, figure, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin: 0; min-width: 0; }
.pair { display: flex; flex-direction: column; } .pair h3 { flex: 1; }
.bar-row { display: flex; align-items: center; gap: 12px; }
.bar { flex: 1; height: 12px; min-width: 0; border-radius: 4px; overflow: hidden; }
.value { min-width: 3ch; text-align: right; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; }
.track { fill: var(--track); } rect.unprotected { fill: var(--unprotected); } rect.protected { fill: var(--protected); } rect.mandatory { fill: var(--mandatory); }
.charts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px; }
.two { display: grid; grid-template-columns: repeat(2, 1fr); gap: 16px; }
.spaced { margin-top: 16px; } summary { cursor: pointer; } pre { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-x: auto; margin: 16px 0 0; }
.wide { grid-column: 1 / -1; overflow-x: auto; }
figcaption { font-size: 14px; font-weight: 600; margin-bottom: 12px; }
figure svg { display: block; width: 100%; height: auto; }
.wide svg { min-width: 760px; }
.grid { stroke: var(--line); stroke-width: 1; } .tick { fill: var(--soft); font-size: 12px; } .row-name { fill: var(--ink); font-size: 13px; }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; } .line.unprotected { stroke: var(--unprotected); } .line.protected { stroke: var(--protected); } .line.mandatory { stroke: var(--mandatory); }
.act.tone-1 { opacity: 0.72; } .in-bar { fill: var(--card); font-size: 12px; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { text-align: right; padding: 8px 10px; border-bottom: 1px solid var(--line); font-weight: 400; font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; padding-left: 0; } td:last-child, th:last-child { padding-right: 0; } tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-size: 13px; } .detail th { padding-left: 20px !important; color: var(--soft); } .detail td { color: var(--soft); }
tr:not(.detail) td { font-weight: 600; }
.doors th, .doors td { text-align: center; padding: 7px 6px; } .doors th:first-child { text-align: left; }
code { font: 13px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.dot { display: inline-block; width: 11px; height: 11px; border-radius: 50%; box-shadow: inset 0 0 0 1.5px var(--line); }
.dot.unprotected { background: var(--unprotected); box-shadow: none; } .dot.protected { background: var(--protected); box-shadow: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.scroll { overflow-x: auto; } ul { padding-left: 20px; margin: 0; } li { margin: 0 0 8px; max-width: 80ch; } footer { margin-top: 40px; color: var(--soft); font-size: 14px; }
@media (max-width: 900px) { main { padding: 28px 16px 40px; } .charts, .two { grid-template-columns: 1fr; } h1 { font-size: 27px; } figure { overflow-x: auto; } }
`;
