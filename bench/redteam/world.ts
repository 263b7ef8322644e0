import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import { testIdentity } from '@countersign/connectors/gateway/testing/identities.ts';
import { instanceOf, testGateway } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { TestGateway } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { compromisedModel } from './compromised-model.ts';
import { credentialIdOf } from './peers.ts';
import type { Peer } from './peers.ts';
import type { RecordedRequest } from './recorder.ts';
import type { ResolvedCall } from './situation.ts';

/** Every connector behind one gateway, with the attacker in the model's place. Real but for its store, which is the one in memory. */
export interface World {
  readonly peers: readonly Peer[];
  readonly gateway: TestGateway;
  /** What the model answers from now on. */
  say(answer: JsonObject): void;
  call(call: ResolvedCall, identity?: CallIdentity): Promise<CallResult>;
  /** What has reached any peer since the last time, authentication apart. */
  received(): RecordedRequest[];
  /** Drops the records of past calls, so that a long set stays as fast as a short one. Approvals that wait go on waiting. */
  forget(): void;
  close(): Promise<void>;
}

export function createWorld(peers: readonly Peer[], pdp: DecisionPoint): World {
  const model = compromisedModel();
  const gateway = testGateway({
    connectors: [...peers.map(({ connector }) => connector), model.connector],
    instances: [...peers.map(({ instance }) => instance), instanceOf(model.connector)],
    credentials: Object.fromEntries(peers.flatMap(({ connector, credential }) => (credential === null ? [] : [[credentialIdOf(connector.manifest.name), credential]]))),
    pdp,
  });
  const tokenPaths = new Set(peers.flatMap(({ credential }) => (credential !== null && 'tokenPath' in credential ? [credential.tokenPath] : [])));
  return {
    peers, gateway,
    say: model.say,
    call({ action, parameters, ...changes }, identity = testIdentity()) {
      // Time passes between calls, so that no limit of an instance hides what policy would have let through.
      gateway.later(2_000);
      return gateway.call(identity, action, parameters, changes);
    },
    received: () => peers.flatMap(({ recorder }) => recorder?.take() ?? []).filter(({ path }) => !tokenPaths.has(path)),
    forget() {
      for (const records of [gateway.store.calls, gateway.store.decisions, gateway.asked, gateway.errors]) records.length = 0;
    },
    close: () => gateway.gateway.close(),
  };
}
