import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import { canonicalText, digestOf, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import { seededBundle, testClaims, testKey } from '@countersign/platform/opa/bundle/testing.ts';
import { createPdp } from '@countersign/platform/opa/pdp.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { Connector, JsonObject, ModelStore } from '../../sdk/connector.ts';
import type { DecisionPoint } from '../parts.ts';
import { createGateway } from '../gateway.ts';
import { InstanceGuard } from '../health/instance-guard.ts';
import type { RunningGateway } from '../gateway.ts';
import type { CallIdentity } from '../call-identity.ts';
import type { RemotePlace } from '../remote-place.ts';
import { DIRECT_CONNECTION } from '../ports.ts';
import type { CallRequest, CredentialValue, InstanceView } from '../ports.ts';
import { MemoryInstanceHealth } from '../health/memory-instance-health.ts';
import { MemoryGatewayStore } from './memory-gateway-store.ts';
import { MemoryFacts, MemorySituation } from './memory-situation.ts';

export interface TestGateway {
  readonly gateway: RunningGateway;
  readonly store: MemoryGatewayStore;
  readonly health: MemoryInstanceHealth;
  readonly situation: MemorySituation;
  readonly facts: MemoryFacts;
  /** What the policy decision point was asked. */
  readonly asked: PolicyInput[];
  /** What was logged as an error. */
  readonly errors: object[];
  readonly models: Map<string, Array<{ readonly bytes: Uint8Array; readonly labelled_count: number }>>;
  call(identity: CallIdentity, action: string, parameters: JsonObject, changes?: Partial<CallRequest>): ReturnType<RunningGateway['call']>;
  /** As a person with the role would. */
  approve(approvalId: string): void;
  /** Lets time pass for the gateway and its store. */
  later(ms: number): void;
}

export interface TestGatewayOptions {
  readonly connectors: readonly Connector[];
  readonly instances: readonly InstanceView[];
  readonly pdp: DecisionPoint;
  readonly credentials?: Readonly<Record<string, CredentialValue>>;
  readonly now?: () => Date;
  readonly header_timeout_ms?: number;
  /** Prices of the tenant's own. */
  readonly prices?: readonly PriceRow[];
  readonly remote?: RemotePlace;
}

/** A gateway with everything real but the database: its store is the one in memory. */
export function testGateway({ connectors, instances, pdp, credentials = {}, now = () => new Date(), header_timeout_ms = 5_000, prices = [], remote }: TestGatewayOptions): TestGateway {
  let passedMs = 0;
  const movedNow = (): Date => new Date(now().getTime() + passedMs);
  const store = new MemoryGatewayStore(movedNow);
  const asked: PolicyInput[] = [];
  const errors: object[] = [];
  const health = new MemoryInstanceHealth(() => passedMs);
  const models: TestGateway['models'] = new Map();
  const situation = new MemorySituation();
  const facts = new MemoryFacts();
  const gateway = createGateway({
    connectors, store, situation, facts, clock: { now: movedNow }, ...(remote === undefined ? {} : { remote }),
    pdp: {
      decide: (input, given) => {
        asked.push(input);
        return pdp.decide(input, given);
      },
    },
    instances: {
      byId: async (_call, connector, id) => instances.find((instance) => instance.connector === connector && instance.id === id) ?? null,
      find: async (_call, connector, name, pool) => {
        const matching = instances.filter((instance) => instance.connector === connector && (name === null || instance.name === name) && (pool === undefined || instance.pool?.name === pool));
        return matching.length === 1 ? matching[0]! : null;
      },
    },
    vault: {
      borrow: async (_tenant, id) => {
        const value = credentials[id];
        if (value === undefined) throw new TypeError(`no credential ${id}`);
        return value;
      },
    },
    models: { forCall: () => modelsIn(models) },
    prices: { rowsFor: async () => ({ overrides: prices, table: PRICE_TABLE.rows }) },
    guard: new InstanceGuard({ store: health, believedForMs: 0, now: () => movedNow().getTime() }),
    log: { warn: (fields) => errors.push(fields), error: (fields) => errors.push(fields) },
    egress: (options) => createEgress({ ...options, limits: { ...options.limits, header_timeout_ms } }),
  });
  return {
    gateway, store, health, situation, facts, asked, errors, models,
    call: (identity, action, parameters, changes = {}) => gateway.call({
      identity, action, parameters, instanceName: null, model: null, signal: new AbortController().signal,
      labels: Object.fromEntries(Object.keys(parameters).map((name) => [`/${name}`, ['trusted_system']])), ...changes,
    }),
    later: (ms) => {
      passedMs += ms;
    },
    approve: (approvalId) => store.decide(approvalId, 'approved', [{ principalId: 'prn_1', role: 'approver', decision: 'approve', authStrength: 'link', signInAgeMs: 60_000 }]),
  };
}

function modelsIn(models: TestGateway['models']): ModelStore {
  const described = (instanceId: string, index: number, bytes: Uint8Array) => ({ id: `mdl_${instanceId}_${index}`, version: index + 1, digest: digestOfBytes(bytes), bytes });
  return {
    latest: async (instanceId) => {
      const all = models.get(instanceId) ?? [];
      return all.length === 0 ? null : described(instanceId, all.length - 1, all.at(-1)!.bytes);
    },
    save: async (instanceId, model) => {
      const all = [...(models.get(instanceId) ?? []), model];
      models.set(instanceId, all);
      return described(instanceId, all.length - 1, model.bytes);
    },
  };
}

/** An instance of `connector`, pinned to the manifest that is installed. */
export function instanceOf(connector: Connector, changes: Partial<InstanceView> = {}): InstanceView {
  const { name, version } = connector.manifest;
  return {
    id: `ins_${name}`, name, connector: name, connectorVersion: version, manifestDigest: connector.manifestDigest,
    baseUrl: null, allowedHosts: [], settings: {}, credentialId: null, connection: DIRECT_CONNECTION, ...changes,
  };
}

/** The seeded policies, signed and compiled, deciding for the tenant of the test identities. Stop it afterwards. */
export async function seededPolicy(): Promise<Pdp> {
  const key = testKey('key_1');
  const bundle = await seededBundle(key.signing, testClaims(new Date()));
  const pdp = createPdp({
    tenant: 'ten_1', scope: 'prod', keys: key.verification, clock: { now: () => new Date() }, refresh_ms: 300_000, ttl_ms: 900_000, deadline_ms: 1_000,
    highestSeq: { get: async () => 0, put: async () => {} },
    source: { latest: async (known) => (known === bundle.digest ? 'not_modified' : { bytes: bundle.bytes, etag: bundle.digest }) },
  });
  await pdp.refresh();
  return pdp;
}

/** A decision point that answers as it is told, for what the seeded policies never say. */
export function fixedPolicy(decide: (input: PolicyInput) => Pick<PolicyDecision, 'outcome'> & Partial<PolicyDecision>): DecisionPoint {
  return {
    decide: async (input) => ({
      reasons: [{ rule: 'test/rule', message: 'as the test says' }], obligations: {}, path: DECISION_ENTRYPOINT, shadows: [], bundle: null, input_text: canonicalText(input), input_digest: digestOf(input), evaluated_us: 1, ...decide(input),
    }),
  };
}
