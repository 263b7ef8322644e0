import { standInClient, standInPort } from '../config.ts';
import { ACCOUNTS } from './accounts.ts';
import { OidcStandIn } from './oidc-stand-in.ts';
import type { StandInClient } from './oidc-stand-in.ts';

/** The identity provider of a local cell: A STAND-IN, whose page lets anybody be anybody. Tells its parent what it is called. */
async function main(): Promise<void> {
  const accounts = new Map(ACCOUNTS.map(({ role, ...account }) => [`sub-${role}`, account]));
  const provider = await OidcStandIn.start({ accounts, clients: [JSON.parse(standInClient()) as StandInClient], port: standInPort() });
  const stop = (): void => void provider.stop().finally(() => process.exit(0));
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  process.send?.({ listening: provider.issuer });
}

await main();
