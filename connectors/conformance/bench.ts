import { fixedPolicy, instanceOf, testGateway } from '../gateway/testing/test-gateway.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import { nextAttempt, testIdentity } from '../gateway/testing/identities.ts';
import type { CallIdentity } from '../gateway/call-identity.ts';
import type { CallResult, CredentialValue } from '../gateway/ports.ts';
import type { Action, Connector, JsonObject } from '../sdk/connector.ts';
import { startFaultProxy } from './http/fault-proxy.ts';
import type { FaultProxy, SeenRequest } from './http/fault-proxy.ts';
import type { ActionSubject, ConformanceSubject, StandIn } from './subject.ts';
import { demand } from './failure.ts';

const CREDENTIAL_ID = 'cred_conformance';
/** Long enough for a slow machine, short enough for a check of what never answers. */
const ANSWER_MS = 10_000;

/** One connector before its stand-in, with the proxy between them. */
export interface Bench {
  readonly connector: Connector;
  readonly standIn: StandIn;
  /** Null where the connector sends nothing anywhere. */
  readonly proxy: FaultProxy | null;
  subjectOf(action: string): ActionSubject;
  /** A gateway of its own, so that nothing learnt in one check (tokens, breakers, limits) reaches the next. Closed by the bench. */
  world(options?: WorldOptions): World;
  /** Whether a request fetches a token rather than doing anything. */
  isAuthentication(request: SeenRequest): boolean;
  /** Closes the gateways of one check. */
  endCheck(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** `ask`: writes stop after `prepare`, where people would be asked. */
  readonly writes?: 'allow' | 'ask';
  readonly header_timeout_ms?: number;
}

export interface World {
  readonly gateway: TestGateway;
  /** What actions gave back before anything was redacted, newest last. */
  readonly raw: ReadonlyArray<{ readonly action: string; readonly output: JsonObject }>;
  /** One attempt of a step of its own, or of the step given. */
  call(action: string, parameters: JsonObject, identity?: CallIdentity): Promise<CallResult>;
  /** Attempts of one step until it succeeds, time passing in between as far as the action may take. At most `attempts`. */
  untilDone(action: string, parameters: JsonObject, attempts: number, first?: (result: CallResult) => Promise<void>): Promise<CallResult>;
}

/** Starts the stand-in and the proxy. @throws ConformanceFailure when the stand-in cannot be reached */
export async function startBench(subject: ConformanceSubject): Promise<Bench> {
  const standIn = await subject.start();
  const proxy = standIn.url === null ? null : await startFaultProxy(standIn.url).catch(async (error: unknown) => {
    await standIn.stop();
    throw error;
  });
  const { connector } = subject;
  const open: TestGateway[] = [];
  const tokenPath = standIn.credential !== null && 'tokenPath' in standIn.credential ? standIn.credential.tokenPath : null;
  const endCheck = async (): Promise<void> => {
    await Promise.all(open.splice(0).map(({ gateway }) => gateway.close()));
    await proxy?.clear();
  };
  return {
    connector, standIn, proxy, endCheck,
    subjectOf(action) {
      const found = standIn.actions[action];
      demand(found !== undefined, `conformance.ts gives no parameters for ${action}. Add \`'${action}': { parameters: () => ({ ... }) }\` to the stand-in's actions.`);
      return found;
    },
    world(options = {}) {
      const world = newWorld(connector, standIn, proxy, options);
      open.push(world.gateway);
      return world;
    },
    isAuthentication: ({ path }) => tokenPath !== null && path.split('?')[0] === tokenPath,
    async stop() {
      await endCheck();
      await proxy?.stop();
      await standIn.stop();
    },
  };
}

function newWorld(connector: Connector, standIn: StandIn, proxy: FaultProxy | null, { writes = 'allow', header_timeout_ms = ANSWER_MS }: WorldOptions): World {
  const raw: Array<{ action: string; output: JsonObject }> = [];
  const { connectors = [], instances = [], credentials = {} } = standIn.alongside ?? {};
  const gateway = testGateway({
    connectors: [recording(connector, raw), ...connectors],
    instances: [
      instanceOf(connector, {
        name: 'under-test', baseUrl: proxy?.url ?? null, allowedHosts: proxy === null ? [] : [new URL(proxy.url).host],
        settings: standIn.settings ?? {}, credentialId: standIn.credential === null ? null : CREDENTIAL_ID,
      }),
      ...instances,
    ],
    pdp: fixedPolicy((input) => ({ outcome: writes === 'ask' && ['write', 'destructive'].includes(input.action.risk) ? 'REQUIRE_HITL' : 'ALLOW' })),
    credentials: { ...credentials, ...(standIn.credential === null ? {} : { [CREDENTIAL_ID]: standIn.credential satisfies CredentialValue }) },
    header_timeout_ms,
  });
  const { name, actions } = connector.manifest;
  const call: World['call'] = (action, parameters, identity = testIdentity()) => {
    const model = standIn.actions[action]?.model;
    return gateway.call(identity, `${name}/${action}`, parameters, { instanceName: 'under-test', ...(model === undefined ? {} : { model: { use: model, pinned: true } }) });
  };
  return {
    gateway, raw, call,
    async untilDone(action, parameters, attempts, first) {
      let identity = testIdentity();
      let result = await call(action, parameters, identity);
      await first?.(result);
      for (let attempt = 1; attempt < attempts && result.kind !== 'succeeded'; attempt += 1) {
        gateway.later((actions[action]?.timeout_ms ?? 0) + 60_000);
        identity = nextAttempt(identity);
        result = await call(action, parameters, identity);
      }
      return result;
    },
  };
}

/** The connector, telling what its actions return before the gateway takes anything out. */
function recording(connector: Connector, raw: Array<{ action: string; output: JsonObject }>): Connector {
  const actions = Object.entries(connector.actions).map(([name, action]): [string, Action] => [name, {
    ...action,
    async execute(context, parameters, prepared) {
      const result = await action.execute(context, parameters, prepared);
      raw.push({ action: name, output: structuredClone(result.output) });
      return result;
    },
  }]);
  return { ...connector, actions: Object.fromEntries(actions) };
}
