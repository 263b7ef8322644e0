import { performance } from 'node:perf_hooks';
import { START_USAGE, parseStartArguments } from './cell/arguments.ts';
import { startCell } from './cell/cell.ts';
import type { RunningCell } from './cell/cell.ts';
import { installOpaInBackground } from './cell/opa-in-background.ts';
import { endOf } from './cell/errors.ts';

/** `npm start`: a whole cell on this machine. */
async function main(): Promise<void> {
  const options = parseStartArguments(process.argv.slice(2));
  if (options === 'help') return say(START_USAGE);
  const began = performance.now();
  say('Countersign is starting ...');
  const interruption = new AbortController();
  const signal = nextSignal();
  void signal.then(() => interruption.abort());
  const cell = await startCell(options, (line) => say(`  ${line}`), interruption.signal).catch((error: unknown) => {
    // Ctrl-C reaches initdb and the console's build as well: whatever they say then, it is what was asked for.
    if (!interruption.signal.aborted) throw error;
    return undefined;
  });
  if (cell === undefined) return say('\nStopped before it was ready. Nothing is lost.');
  say(banner(cell, (performance.now() - began) / 1000));
  const stopOpa = options.installOpa ? installOpaInBackground((line) => say(`  ${line}`)) : () => undefined;
  await signal;
  say('\nStopping ... (everything is kept)');
  stopOpa();
  await cell.stop();
  say('Stopped.');
}

function banner(cell: RunningCell, seconds: number): string {
  const processes = cell.processes.map((child) => `${child.name} (pid ${child.pid})`).join(', ');
  const metrics = cell.processes.flatMap((child) => (child.metricsUrl === null ? [] : [child.metricsUrl])).join(' ');
  return `
Countersign is ready after ${seconds.toFixed(1)} s.

  Console and API     ${cell.url}
  ServiceNow sandbox  ${cell.sandboxUrl}   (a stand-in of ours, not ServiceNow)
  Agents dial         ${cell.agentUrl}
${standInLines(cell)}  PostgreSQL          127.0.0.1:${cell.postgresPort}
  Processes           ${processes}
  Metrics             ${metrics}
  Data and logs       ${cell.dataDir}

  Sign in (once, within 15 minutes; a new link: npm run sign-in)
    ${cell.signInUrl}

  Raise a ticket      in the console under Tickets, on ${cell.sandboxUrl}, or:
    npm run demo -- --tickets 5

  Ctrl-C stops the cell and keeps everything. Start it again with npm start, or anew with npm start -- --fresh.
`;
}

/** Whatever stands in for a service of somebody else says so. */
function standInLines({ processes, standIns }: RunningCell): string {
  const found = processes.flatMap(({ name }) => STAND_INS[name] ?? []);
  return [...found, ...(standIns.length > 0 ? [`${standIns.join(', ')}: moto, a stand-in for AWS, which keeps what it is given in the data folder`] : [])].map((line) => `  Stand-in            ${line}\n`).join('');
}

const STAND_INS: Readonly<Record<string, string>> = {
  'sqs-stand-in': 'SQS: fauxqs, a stand-in for AWS, in memory',
  witness: 'Witness: ours, on the machine that it witnesses; a customer runs one elsewhere',
  'oidc-stand-in': 'Identity provider: oidc-provider, where anybody may be anybody; sign in by it at /sign-in',
};

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
  const end = endOf(error);
  if (end === undefined) throw error;
  process.stderr.write(`\n${end.message}\n`);
  process.exit(end.exitCode);
}
