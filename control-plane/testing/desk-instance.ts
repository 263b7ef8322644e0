import { randomBytes } from 'node:crypto';
import type { ControlPlaneUnderTest } from './control-plane-under-test.ts';
import { deskManifest } from './manifests.ts';

export interface DeskInstance {
  readonly id: string;
  readonly path: string;
  readonly secret: string;
  readonly sharedSecret: string;
}

/** A connector instance made through the API, with a webhook secret, and a shared one where asked for. */
export async function createDesk(plane: ControlPlaneUnderTest, options: { readonly name?: string; readonly shared?: boolean } = {}): Promise<DeskInstance> {
  const name = options.name ?? 'desk';
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const sharedSecret = randomBytes(32).toString('base64');
  await plane.api('POST', '/api/v1/connectors', { json: { manifest: deskManifest() } });
  const store = async (suffix: string, value: string): Promise<unknown> =>
    (await plane.api('POST', '/api/v1/credentials', { json: { name: `${name}-${suffix}`, kind: 'webhook_secret', value: { secret: value } } })).body['id'];
  const instance = await plane.api('POST', '/api/v1/instances', { json: {
    connector: 'desk', connector_version: '1.0.0', name, environment: 'prod', base_url: 'https://desk.example.com', settings: { integration_user: 'countersign' },
    webhook_credential_id: await store('webhook', secret), ...(options.shared ? { shared_secret_credential_id: await store('shared', sharedSecret) } : {}),
  } });
  const id = String(instance.body['id']);
  return { id, path: `/api/v1/ingest/desk/${id}`, secret, sharedSecret };
}
