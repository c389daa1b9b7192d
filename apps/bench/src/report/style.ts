export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6876; --line: #dfe4ea; --paper: #fff; --ours: #0b7a75;
  --theirs: #a9b4c0; --bad: #b3261e; --good: #1b7f3b; --goal: #b26a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9aa7b4; --line: #2c3640; --paper: #12181e;
  --ours: #35b8b1; --theirs: #5c6977; --bad: #ff8a80; --good: #6fd08c; --goal: #f0b35a; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 80px; }
h1 { font-size: 26px; margin: 0 0 8px; }
h2 { font-size: 17px; margin: 0 0 6px; }
a { color: inherit; }
.machine, .note, .none { color: var(--soft); }
.note { margin: 2px 0; font-size: 13px; }
.warning { padding: 8px 12px; border-left: 4px solid var(--goal); }
table { border-collapse: collapse; width: 100%; margin: 24px 0 8px; font-size: 13px; }
th { text-align: left; color: var(--soft); font-weight: 500; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { font-variant-numeric: tabular-nums; } td:nth-last-child(-n+6) { white-space: nowrap; } small { display: block; }
tbody td[rowspan], tbody tr.none td:first-child { max-width: 330px; }
small { color: var(--soft); }
.met, .stretch { color: var(--good); } .stretch { font-weight: 600; } .missed { color: var(--bad); font-weight: 600; }
section { border-top: 1px solid var(--line); margin-top: 28px; padding-top: 20px; }
figure { margin: 14px 0 0; max-width: 780px; }
figcaption { font-size: 13px; }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .name { text-anchor: end; } svg .value { font-variant-numeric: tabular-nums; }
.ours rect { fill: var(--ours); } .theirs rect { fill: var(--theirs); }
.scale { text-anchor: end; font-size: 11px; } svg .scale { fill: var(--soft); }
circle { fill: var(--paper); stroke: var(--ink); stroke-width: 1; opacity: .8; }
.goal line { stroke: var(--goal); stroke-dasharray: 4 3; stroke-width: 1.5; }
.goal text { fill: var(--goal); text-anchor: middle; font-size: 11px; }
`;
