import { parseArgs } from 'node:util';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { readBootstrapConfig } from './config.ts';
import { initialise, newApiKey, newSignInLink } from './identity/bootstrap.ts';
import type { BootstrapParts } from './identity/bootstrap.ts';

const USAGE = 'Usage: node control-plane/bootstrap.ts init | sign-in-link | api-key --name NAME';

/** What the launcher needs before anybody can sign in. Prints one JSON object on stdout. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' } } });
  const command = commandOf(positionals, values.name);
  if (command === null) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  const config = readBootstrapConfig();
  const database = new Database({ url: config.databaseUrl, applicationName: 'countersign bootstrap', maxConnections: 1 });
  try {
    process.stdout.write(`${JSON.stringify(await command({ ...config, slug: config.tenantSlug, database, clock: systemClock }))}\n`);
  } finally {
    await database.close();
  }
}

function commandOf([command, ...rest]: string[], name: string | undefined): ((parts: BootstrapParts) => Promise<object>) | null {
  if (rest.length > 0) return null;
  if (command === 'init') return initialise;
  if (command === 'sign-in-link') return newSignInLink;
  return command === 'api-key' && name !== undefined ? (parts) => newApiKey(parts, name) : null;
}

await main().catch((error: Error) => {
  process.stderr.write(`countersign bootstrap: ${error.message}\n`);
  process.exitCode = 1;
});
