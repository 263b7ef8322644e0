import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../access/ports.ts';
import type { Handlers } from '../api/operation.ts';
import { Loop } from '../cell/loop.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { ApiKeys } from './api-keys.ts';
import { ClientKeysApi } from './client-keys-api.ts';
import { Exchange } from './exchange.ts';
import { Federations } from './federations.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { OauthClients } from './oauth-clients.ts';
import { forgetAssertionIds } from './repository-client-keys.ts';
import { forgetTokens } from './repository-clients.ts';
import { forgetTokenIds } from './repository-federations.ts';
import { ServiceAccounts } from './service-accounts.ts';
import { TokenEndpoint } from './token-endpoint.ts';

export interface MachinesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly refusals: RateLimit;
  /** Whether an issuer may be a stand-in on this machine. */
  readonly standInsAllowed: boolean;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly tenantStates: TenantStates;
}

export type MachinesOperation = 'listApiKeys' | 'createApiKey' | 'updateApiKey' | 'rotateApiKey' | 'revokeApiKey'
  | 'listServiceAccounts' | 'createServiceAccount' | 'updateServiceAccount'
  | 'listOauthClients' | 'createOauthClient' | 'updateOauthClient' | 'rotateOauthClient' | 'deleteOauthClient' | 'addOauthClientKey' | 'removeOauthClientKey' | 'issueToken' | 'revokeToken'
  | 'listFederations' | 'createFederation' | 'updateFederation' | 'deleteFederation' | 'testFederation';

/** How programs show who they are: keys, clients with tokens, and tokens of issuers that a tenant trusts. */
export class Machines {
  readonly handlers: Pick<Handlers, MachinesOperation>;
  readonly loops: readonly Loop[];
  readonly #issuerKeys: IssuerKeys;

  constructor(parts: MachinesParts) {
    this.#issuerKeys = new IssuerKeys({ allowLoopback: parts.standInsAllowed });
    const withKeys = { ...parts, issuerKeys: this.#issuerKeys };
    const [keys, services, clients, federations, exchange] = [new ApiKeys(parts), new ServiceAccounts(parts), new OauthClients(parts), new Federations(withKeys), new Exchange(withKeys)];
    const clientKeys = new ClientKeysApi(parts);
    const audiences = [parts.publicUrl, `${parts.publicUrl}/api/v1/oauth/token`];
    const tokens = new TokenEndpoint({ ...parts, audiences, exchange: (request) => exchange.exchange(request) });
    this.handlers = {
      listApiKeys: (call) => keys.listApiKeys(call),
      createApiKey: (call) => keys.createApiKey(call),
      updateApiKey: (call) => keys.updateApiKey(call),
      rotateApiKey: (call) => keys.rotateApiKey(call),
      revokeApiKey: (call) => keys.revokeApiKey(call),
      listServiceAccounts: (call) => services.listServiceAccounts(call),
      createServiceAccount: (call) => services.createServiceAccount(call),
      updateServiceAccount: (call) => services.updateServiceAccount(call),
      listOauthClients: (call) => clients.listOauthClients(call),
      createOauthClient: (call) => clients.createOauthClient(call),
      updateOauthClient: (call) => clients.updateOauthClient(call),
      rotateOauthClient: (call) => clients.rotateOauthClient(call),
      deleteOauthClient: (call) => clients.deleteOauthClient(call),
      addOauthClientKey: (call) => clientKeys.addOauthClientKey(call),
      removeOauthClientKey: (call) => clientKeys.removeOauthClientKey(call),
      issueToken: (call) => tokens.issueToken(call),
      revokeToken: (call) => tokens.revokeToken(call),
      listFederations: (call) => federations.listFederations(call),
      createFederation: (call) => federations.createFederation(call),
      updateFederation: (call) => federations.updateFederation(call),
      deleteFederation: (call) => federations.deleteFederation(call),
      testFederation: (call) => federations.testFederation(call),
    };
    this.loops = [forgettingLoop(parts)];
  }

  async stop(): Promise<void> {
    await this.#issuerKeys.close();
  }
}

/** Forgets tokens that are over, and ids of tokens that nobody would accept any more. */
function forgettingLoop({ database, log }: MachinesParts): Loop {
  return new Loop({ name: 'token forgetting', idle_ms: 60_000, busy_ms: 60_000, log }, () => forEveryTenant(database, log, (tenantId) => database.forTenant(tenantId, async (tx) =>
    await tx.change(forgetTokens, [tenantId]) + await tx.change(forgetTokenIds, [tenantId]) + await tx.change(forgetAssertionIds, [tenantId]) > 0)));
}
