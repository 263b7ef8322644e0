import { parseArgs } from 'node:util';
import { holds } from './attack-plan.ts';
import { proveEgress } from './prove-egress.ts';

const USAGE = `Usage: npm run ssrf -- [--json] [--rebinds N]

Attacks the egress with every spelling of internal addresses, redirect chains and a DNS server that rebinds (N names, default 1000), in a
network namespace of its own, and counts what listeners and kernel saw. Ends with 0 when nothing forbidden was reached and the allowed
host was. Without root or user namespaces only the part for loopback addresses runs, and it says so.
With --json the figures are one object on stdout: npm run --silent ssrf -- --json`;

/** `npm run ssrf` */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, rebinds: { type: 'string' }, help: { type: 'boolean' } } });
  const rebinds = Number(values.rebinds ?? 1_000);
  if (values.help === true || !Number.isInteger(rebinds) || rebinds < 1 || rebinds > 100_000) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const figures = await proveEgress(rebinds);
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(26)} ${Array.isArray(value) ? value.join('; ') || 'none' : String(value)}\n`);
  return holds(figures) ? 0 : 1;
}

process.exit(await main());
