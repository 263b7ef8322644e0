/** The style sheet of the sandbox's pages: system fonts, light and dark by the reader's preference. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f9; --sheet: #fff; --ink: #1d232b; --soft: #5c6672; --line: #dde2e8; --accent: #0b6bcb; --warn: #7a4b00; --warn-ground: #fff3d6; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --sheet: #1c2026; --ink: #e6e9ed; --soft: #9aa5b1; --line: #323942; --accent: #6fb3ff; --warn: #ffd98a; --warn-ground: #3a2d10; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--ground); color: var(--ink); }
.banner { padding: .6rem 1.5rem; background: var(--warn-ground); color: var(--warn); }
main { max-width: 84rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.35rem; margin: 0 0 1rem; } h1 small { font-weight: 400; color: var(--soft); font-size: .8em; margin-left: .4rem; }
h2 { font-size: 1rem; margin: 1.25rem 0 .5rem; } aside h2 { margin-top: 0; }
a { color: var(--accent); } i, .hint, .time { color: var(--soft); } .hint { font-size: .85rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 17rem; gap: 1.25rem; align-items: start; }
@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
.scroll { overflow-x: auto; background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; font-size: .9rem; }
tr:last-child td { border-bottom: 0; } th { font-size: .8rem; color: var(--soft); } td.text { white-space: normal; min-width: 13rem; overflow-wrap: anywhere; } td.group { white-space: normal; min-width: 8rem; }
aside, article { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; } article { margin-bottom: .75rem; } article header { color: var(--soft); font-size: .85rem; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0; }
label { display: block; font-size: .85rem; color: var(--soft); margin-bottom: .75rem; }
input, textarea { display: block; width: 100%; margin-top: .25rem; padding: .5rem; font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 6px; }
button { width: 100%; padding: .6rem; font: inherit; font-weight: 600; color: var(--sheet); background: var(--accent); border: 0; border-radius: 6px; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.tag { padding: .1rem .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .85rem; } .state-1 { border-color: var(--accent); color: var(--accent); }
dl { margin: 0; } dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .3rem 0; border-bottom: 1px solid var(--line); } dl div:last-child { border: 0; } dt { color: var(--soft); } dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
`;
