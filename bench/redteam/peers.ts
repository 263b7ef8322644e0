import type { CredentialKind } from '@countersign/contracts/connectors/manifest.ts';
import type { ConformanceSubject, StandIn } from '@countersign/connectors/conformance/subject.ts';
import type { CredentialValue, InstanceView } from '@countersign/connectors/gateway/ports.ts';
import { instanceOf } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { Connector, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { fitParameters } from './fit.ts';
import { startRecorder } from './recorder.ts';
import type { Recorder } from './recorder.ts';

/** A connector with its instance: the base URL is the recorder's, with the connector's own stand-in behind it where it has one. */
export interface Peer {
  readonly connector: Connector;
  readonly instance: InstanceView;
  readonly credential: CredentialValue | null;
  /** Null for a connector that sends nothing anywhere. */
  readonly recorder: Recorder | null;
  /** Whether a stand-in answers; without one every answer is an empty object. */
  readonly hasStandIn: boolean;
  /** What workflows name a model of it by; null where it has none. */
  readonly modelUse: string | null;
  /** Parameters as an honest workflow gives them, for a subject of its own where the stand-in can make one. */
  benign(action: string): Promise<JsonObject>;
  stop(): Promise<void>;
}

/** One peer per connector, whatever connectors there are: their packages say how their stand-ins are started (`conformance.ts`). */
export async function startPeers(connectors: readonly Connector[]): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const connector of connectors) peers.push(await startPeer(connector));
  return peers;
}

async function startPeer(connector: Connector): Promise<Peer> {
  const { name } = connector.manifest;
  const standIn = await startStandIn(name);
  const sendsNothing = standIn !== null && standIn.url === null;
  const recorder = sendsNothing ? null : await startRecorder(standIn?.url ?? null);
  const credential = standIn?.credential ?? fakeCredential(connector.manifest.credentials);
  return {
    connector, recorder, hasStandIn: standIn !== null,
    credential: sendsNothing ? null : credential,
    instance: instanceOf(connector, {
      baseUrl: recorder?.url ?? null, allowedHosts: recorder === null ? [] : [new URL(recorder.url).host],
      settings: standIn?.settings ?? {}, credentialId: sendsNothing || credential === null ? null : credentialIdOf(name),
    }),
    modelUse: Object.values(standIn?.actions ?? {}).find(({ model }) => model !== undefined)?.model
      ?? (Object.values(connector.manifest.actions).some(({ risk }) => risk === 'model') ? `${name}/model` : null),
    async benign(action) {
      const given = standIn?.actions[action];
      if (given !== undefined) return withInstalledNames(await given.parameters(), connectors(standIn));
      return fitParameters(connector.manifest.actions[action]?.parameters ?? {}, {}, ['benign-value']);
    },
    async stop() {
      await recorder?.stop();
      await standIn?.stop();
    },
  };
}

export function credentialIdOf(connector: string): string {
  return `cred_${connector}`;
}

/** Stand-ins that call on other connectors name instances of their own; here each connector has one, named after it. */
function withInstalledNames(parameters: JsonObject, renamed: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, typeof value === 'string' ? renamed.get(value) ?? value : value]));
}

function connectors(standIn: StandIn | null): Map<string, string> {
  return new Map((standIn?.alongside?.instances ?? []).map(({ name, connector }) => [name, connector]));
}

async function startStandIn(name: string): Promise<StandIn | null> {
  const module = await import(`@countersign/connectors/${name}/conformance.ts`).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }) as { conformance: ConformanceSubject } | null;
  return module === null ? null : module.conformance.start();
}

/** Worth nothing anywhere. A kind that needs no token to be fetched is taken where there is one. */
function fakeCredential(kinds: readonly CredentialKind[]): CredentialValue | null {
  if (kinds.includes('bearer')) return { kind: 'bearer', token: 'redteam-token' };
  if (kinds.includes('api_key')) return { kind: 'api_key', header: 'x-api-key', value: 'redteam-key' };
  if (kinds.includes('basic')) return { kind: 'basic', username: 'redteam', password: 'redteam' };
  return kinds.includes('oauth_client_credentials') ? { kind: 'oauth_client_credentials', clientId: 'redteam', clientSecret: 'redteam', tokenPath: '/redteam/token' } : null;
}
