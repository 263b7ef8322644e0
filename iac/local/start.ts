import { performance } from 'node:perf_hooks';
import { START_USAGE, parseStartArguments } from './cell/arguments.ts';
import { startCell } from './cell/cell.ts';
import type { RunningCell } from './cell/cell.ts';
import { installOpaInBackground } from './cell/opa-in-background.ts';
import { CellError } from './cell/errors.ts';
import { PostgresStartError } from './postgres/errors.ts';

/** `npm start`: a whole cell on this machine. */
async function main(): Promise<void> {
  const options = parseStartArguments(process.argv.slice(2));
  if (options === 'help') return say(START_USAGE);
  const began = performance.now();
  say('Countersign is starting ...');
  const signal = nextSignal();
  const starting = startCell(options, (line) => say(`  ${line}`));
  const first = await Promise.race([starting, signal]);
  if (typeof first === 'string') {
    await starting.then((cell) => cell.stop(), () => undefined);
    return;
  }
  say(banner(first, (performance.now() - began) / 1000));
  const stopOpa = options.installOpa ? installOpaInBackground((line) => say(`  ${line}`)) : () => undefined;
  await signal;
  say('\nStopping ... (everything is kept)');
  stopOpa();
  await first.stop();
  say('Stopped.');
}

function banner(cell: RunningCell, seconds: number): string {
  const processes = cell.processes.map((child) => `${child.name} (pid ${child.pid})`).join(', ');
  return `
Countersign is ready after ${seconds.toFixed(1)} s.

  Console and API     ${cell.url}
  ServiceNow sandbox  ${cell.sandboxUrl}   (a stand-in of ours, not ServiceNow)
  PostgreSQL          127.0.0.1:${cell.postgresPort}
  Processes           ${processes}
  Data and logs       ${cell.dataDir}

  Sign in (once, within 15 minutes; a new link: npm run sign-in)
    ${cell.signInUrl}

  Raise a ticket      in the console under Tickets, on ${cell.sandboxUrl}, or:
    npm run demo -- --tickets 5

  Ctrl-C stops the cell and keeps everything. Start it again with npm start, or anew with npm start -- --fresh.
`;
}

/** The first SIGINT or SIGTERM. A second one ends the process at once. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        resolve(name);
        process.once(name, () => process.exit(130));
      });
    }
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  if (!(error instanceof CellError || error instanceof PostgresStartError)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exit(error.exitCode);
}
