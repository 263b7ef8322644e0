/**
 * `npm run bench -- <name> [arguments]`: one measurement by its name. Each is a folder here and prints its figures; what it takes is said by
 * `--help` behind its name.
 */
const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  agent: () => import('./agent/main.ts'),
  audit: () => import('./audit/main.ts'),
  engine: () => import('./engine/main.ts'),
  fairness: () => import('./fairness/main.ts'),
  growth: () => import('./growth/main.ts'),
  policy: () => import('./policy/main.ts'),
  redteam: () => import('./redteam/main.ts'),
  replay: () => import('./replay/main.ts'),
};

const [name] = process.argv.splice(2, 1);
const start = name === undefined ? undefined : BENCHES[name];
if (start === undefined) {
  process.stderr.write(`${name === undefined ? 'Name a measurement' : `There is no measurement ${name}`}: npm run bench -- ${Object.keys(BENCHES).join(' | ')}\n`);
  process.exitCode = 2;
} else {
  await start();
}
