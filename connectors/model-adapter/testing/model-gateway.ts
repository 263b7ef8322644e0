import type { CallResult, CredentialValue, Outcome } from '../../gateway/ports.ts';
import { testIdentity } from '../../gateway/testing/identities.ts';
import { fixedPolicy, instanceOf, testGateway } from '../../gateway/testing/test-gateway.ts';
import type { TestGateway } from '../../gateway/testing/test-gateway.ts';
import type { Connector, JsonObject } from '../../sdk/connector.ts';

export interface ModelGateway {
  readonly made: TestGateway;
  /** One call to `generate`; what is not given is a small question with a schema. */
  ask(parameters?: JsonObject): Promise<CallResult>;
  /** What the gateway has written of the newest call. */
  lastOutcome(): Outcome;
  close(): Promise<void>;
}

export interface ModelGatewayOptions {
  readonly connector: Connector;
  readonly url: string;
  readonly credential: CredentialValue;
  /** `<connector>/<id>` */
  readonly model: string;
  readonly settings?: JsonObject;
}

export const LABEL_SCHEMA: JsonObject = { type: 'object', additionalProperties: false, required: ['label'], properties: { label: { type: 'string', maxLength: 20 } } };

/** A gateway with one model's connector before `url`, everything in it real but the database. */
export function modelGateway({ connector, url, credential, model, settings = {} }: ModelGatewayOptions): ModelGateway {
  const made = testGateway({
    connectors: [connector], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })), credentials: { cred_model: credential },
    instances: [instanceOf(connector, { name: 'models', baseUrl: url, allowedHosts: [new URL(url).host], settings, credentialId: 'cred_model' })],
  });
  return {
    made,
    ask: (parameters = {}) => made.call(testIdentity(), `${connector.manifest.name}/generate`, {
      model, prompt: 'Say which kind of ticket it is.', input: { short_description: 'The printer is on fire' }, output_schema: LABEL_SCHEMA, ...parameters,
    }, { model: { use: model, pinned: true } }),
    lastOutcome: () => made.store.calls.at(-1)!.outcome!,
    close: () => made.gateway.close(),
  };
}
