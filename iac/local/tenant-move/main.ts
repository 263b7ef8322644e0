import { parseArgs } from 'node:util';
import axios from 'axios';
import { openCellEnd } from '@countersign/control-plane/tenant-move/cell-end.ts';
import { TenantMoveError } from '@countersign/control-plane/tenant-move/errors.ts';
import { abandonMove, forgetMoved, moveTenant, secretsElsewhere } from '@countersign/control-plane/tenant-move/move-tenant.ts';
import type { MoveOptions } from '@countersign/control-plane/tenant-move/move-tenant.ts';
import { CellError, endOf } from '../cell/errors.ts';
import { environmentText } from '../config.ts';
import { cellSettingsOf } from './cell-settings.ts';

const USAGE = `Usage: npm run move-tenant -- --tenant ID --from PLACE --to PLACE [options]

Moves a tenant to another cell of its region. PLACE is the data folder of a local cell that runs, or a file of JSON (docs/runbooks/move-a-tenant.md).

  --abandon              take a move back that has not left: the tenant is served where it was
  --forget               remove what a tenant that has left still has in the cell of --from; of one that was deleted, its entry in the --router
  --with-uncertain       move although the effect of some steps is not known; the other cell finds out
  --drain-seconds N      how long to wait until nothing moves (default 180)
  --router URL           tell a router where the tenant is; its key: COUNTERSIGN_ROUTER_KEY
  --json                 the result as one object`;

/** Longer than both planes remember that a tenant was active. */
const SETTLE_MS = 5_000;

async function main(): Promise<void> {
  const values = parse(process.argv.slice(2));
  if (values.help === true) return say(USAGE);
  const { tenant, from: source, to: target } = values;
  if (tenant === undefined || source === undefined || target === undefined) throw new CellError('usage', USAGE);
  const [from, to] = [await openCellEnd(await cellSettingsOf(source)), await openCellEnd(await cellSettingsOf(target))];
  try {
    const told = (line: string): void => { if (values.json !== true) say(`  ${line}`); };
    const options = { tenantId: tenant, from, to, withUncertain: values['with-uncertain'] === true, drain_ms: secondsOf(values['drain-seconds']) * 1_000, settle_ms: SETTLE_MS, onStage: (stage: string) => told(stage.replace('_', ' ')), tellRouter: routerTold(values.router) };
    const done = values.abandon === true ? await abandonMove(options) : values.forget === true ? await forget(options, values.router) : await move(options, told);
    say(values.json === true ? JSON.stringify(done ?? { abandoned: true }) : resultOf(values, done, from.cell, to.cell));
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

async function move(options: MoveOptions, told: (line: string) => void): Promise<object> {
  const secrets_elsewhere = await secretsElsewhere(options);
  if (secrets_elsewhere.length > 0) told(`${secrets_elsewhere.join(', ')}: kept outside of ${options.from.cell}, and not moved. ${options.to.cell} looks for them under the same names.`);
  return { ...await moveTenant(options), secrets_elsewhere };
}

function resultOf(values: { abandon?: boolean | undefined; forget?: boolean | undefined }, done: unknown, from: string, to: string): string {
  if (values.abandon === true) return `Taken back: the tenant is served in ${from}.`;
  const { rows, objects } = done as { rows: number; objects: number };
  if (values.forget === true) return `Removed from ${from}: ${rows} rows, ${objects} objects.`;
  return `Moved from ${from} to ${to}: ${rows} rows and ${objects} objects, all of them compared. Remove what is left in ${from} with --forget when you need it no more.`;
}

/** A router knows where a tenant has gone, and nothing of one that is nowhere any more. */
async function forget(options: MoveOptions, router: string | undefined): Promise<Awaited<ReturnType<typeof forgetMoved>>> {
  const forgotten = await forgetMoved(options);
  if (forgotten.deleted && router !== undefined) await axios.delete(`${router}/directory/tenants/${options.tenantId}`, { proxy: false, timeout: 30_000, headers: { authorization: `Bearer ${routerKey()}` } });
  return forgotten;
}

function routerKey(): string {
  const key = environmentText('COUNTERSIGN_ROUTER_KEY');
  if (key === undefined) throw new CellError('usage', 'COUNTERSIGN_ROUTER_KEY is missing. Set it to the key of the router that --router names.');
  return key;
}

function routerTold(url: string | undefined): MoveOptions['tellRouter'] {
  if (url === undefined) return () => Promise.resolve();
  const key = routerKey();
  return async ({ tenantId, slug, cell }) => {
    await axios.put(`${url}/directory/tenants/${tenantId}`, { slug, cell }, { proxy: false, timeout: 30_000, headers: { authorization: `Bearer ${key}` } });
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: {
      tenant: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' }, abandon: { type: 'boolean' }, forget: { type: 'boolean' }, 'with-uncertain': { type: 'boolean' },
      'drain-seconds': { type: 'string' }, router: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
    } }).values;
  } catch (cause) {
    throw new CellError('usage', `${(cause as Error).message}\n\n${USAGE}`, { cause });
  }
}

function secondsOf(text = '180'): number {
  if (!/^\d{1,5}$/.test(text)) throw new CellError('usage', `--drain-seconds takes a whole number of seconds, not ${JSON.stringify(text)}.`);
  return Number(text);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  const end = error instanceof TenantMoveError ? { message: error.message, exitCode: error.code === 'usage' ? 2 : 1 } : endOf(error);
  if (end === undefined) throw error;
  process.stderr.write(`${end.message}\n`);
  process.exitCode = end.exitCode;
}
