import path from 'node:path';
import { objectsConformance } from '@countersign/platform/objects/conformance.ts';
import { createLocalBucket } from '@countersign/platform/objects/create-bucket.ts';
import { S3Objects } from '@countersign/platform/objects/s3-objects.ts';
import { startMoto } from '../aws/moto.ts';

objectsConformance('S3 (moto, with Object Lock)', async () => {
  const server = await startMoto(path.join(import.meta.dirname, '../../../.cache'));
  await createLocalBucket(server.endpoint, 'countersign-conformance');
  return { objects: new S3Objects({ bucket: 'countersign-conformance', prefix: 'cell-1/', region: null, endpoint: server.endpoint }), stop: () => server.stop() };
});
