import type { Statement } from '@countersign/platform/postgres/database.ts';

export const publishedPackage: Statement = {
  name: 'packages.published',
  text: 'SELECT 1 AS found FROM control.connector_versions WHERE connector = $1 AND version = $2 AND package_digest = $3 LIMIT 1',
};
