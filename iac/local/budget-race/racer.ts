import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { once } from 'node:events';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { createGateway } from '@countersign/connectors/gateway/gateway.ts';
import { InstanceGuard } from '@countersign/connectors/gateway/health/instance-guard.ts';
import { DIRECT_CONNECTION } from '@countersign/connectors/gateway/ports.ts';
import type { InstanceView } from '@countersign/connectors/gateway/ports.ts';
import { Contents } from '@countersign/execution-plane/contents/contents.ts';
import { postgresFacts } from '@countersign/execution-plane/policy/facts.ts';
import { PostgresSituation } from '@countersign/execution-plane/policy/situation.ts';
import { PostgresGatewayStore } from '@countersign/execution-plane/store/postgres-gateway-store.ts';
import { PostgresInstanceHealth } from '@countersign/execution-plane/store/postgres-instance-health.ts';
import { postgresPrices } from '@countersign/execution-plane/store/prices.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { metered } from './metered-connector.ts';

export interface RaceOrder {
  readonly databaseUrl: string;
  readonly keyFile: string;
  readonly instanceId: string;
  readonly calls: readonly CallIdentity[];
}

/** How each call ended: `succeeded`, or the code of its error. */
export interface RaceReport {
  readonly ends: readonly string[];
}

/**
 * One worker of the race: the gateway and the store as the execution plane has them, on a pool of its own. Policy is not what is measured,
 * so its decision point allows everything. Waits for `go`, so that all processes begin together.
 */
const [order] = await once(process, 'message') as [RaceOrder];
process.once('disconnect', () => process.exit(1));
const database = new Database({ url: order.databaseUrl, applicationName: `budget race ${process.pid}`, maxConnections: 8 });
const changes = { changed: () => undefined, stepsReady: () => undefined };
const instance: InstanceView = {
  id: order.instanceId, name: 'race', connector: 'race', connectorVersion: metered.manifest.version, manifestDigest: metered.manifestDigest, packageDigest: null,
  baseUrl: null, allowedHosts: [], settings: {}, credentialId: null, connection: DIRECT_CONNECTION,
};
const gateway = createGateway({
  connectors: [metered], clock: systemClock, log: { warn: () => undefined, error: (fields) => console.error(fields) },
  pdp: { decide: async (input) => ({ outcome: 'ALLOW', reasons: [], obligations: {}, path: DECISION_ENTRYPOINT, shadows: [], bundle: null, input_digest: digestOf(input), evaluated_us: 0 }) },
  store: new PostgresGatewayStore({ database, keys: await FileKeys.open(order.keyFile, { create: false }), contents: new Contents(await FileKeys.open(order.keyFile, { create: false }), 14), clock: systemClock, worker: `racer-${process.pid}`, changes }),
  situation: new PostgresSituation(database), facts: postgresFacts(database),
  instances: { find: async () => instance, byId: async () => instance },
  vault: { borrow: () => Promise.reject(new TypeError('the race has no credentials')) },
  models: { forCall: () => ({ latest: async () => null, save: () => Promise.reject(new TypeError('the race trains no model')) }) },
  prices: postgresPrices(database),
  guard: new InstanceGuard({ store: new PostgresInstanceHealth(database), now: () => Date.now() }),
});
process.send?.('ready');

await once(process, 'message');
const ends = await Promise.all(order.calls.map(async (identity) => {
  const result = await gateway.call({ identity, action: 'race/spend', instanceName: null, parameters: {}, labels: {}, model: { use: 'race/spend', pinned: true }, signal: AbortSignal.timeout(60_000) });
  return result.kind === 'failed' ? result.error.code : result.kind;
}));
process.send?.({ ends } satisfies RaceReport, undefined, undefined, () => process.exit(0));
