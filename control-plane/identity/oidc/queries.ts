import type { Statement } from '@countersign/platform/postgres/database.ts';

export const enabledProviders: Statement = {
  name: 'oidc.enabled_providers',
  text: 'SELECT id, name FROM control.identity_providers WHERE tenant_id = $1 AND enabled ORDER BY name, id',
};
