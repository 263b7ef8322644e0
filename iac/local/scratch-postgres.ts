/**
 * A migrated database on a PostgreSQL of its own, on a free port in a scratch folder, for measurements. Prints one line of JSON with the URLs
 * of its two login roles and of the superuser, and ends, with the folder, when stdin does. `--durable`: it waits for the disk, as in production.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { migrate } from '@countersign/platform/postgres/migrate.ts';
import { ensureDatabase, setPasswords } from './cell/repository-provisioning.ts';
import { ROOT } from './config.ts';
import { startTestPostgres } from './test/postgres-setup.ts';
import { makeScratchOnDisk } from './test/scratch.ts';

const NAME = 'scratch';
const password = randomBytes(16).toString('hex');

const server = await startTestPostgres(process.argv.includes('--durable') ? { max_connections: '300' } : undefined, await makeScratchOnDisk());
await ensureDatabase(server.adminUrl, NAME);
await migrate({ adminUrl: urlOf(), folder: path.join(ROOT, 'contracts/database/migrations'), legalTransitions: legalTransitionRows() });
await setPasswords(server.adminUrl, { countersign_control: password, countersign_execution: password });
process.stdout.write(`${JSON.stringify({ admin_url: urlOf(), control_url: urlOf('countersign_control'), execution_url: urlOf('countersign_execution') })}\n`);

process.stdin.resume();
process.stdin.once('end', () => void server.stop().then(() => process.exit(0)));

function urlOf(role?: string): string {
  const url = new URL(server.adminUrl);
  url.pathname = `/${NAME}`;
  if (role !== undefined) [url.username, url.password] = [role, password];
  return url.href;
}
