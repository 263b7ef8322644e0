import { DeleteObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from '../settings.ts';

/** Deletes every version of an object as whoever has the bucket's credentials would, not asking our port. Gives what S3 said to each. */
export async function deletePastThePort(place: S3Place, key: string): Promise<string[]> {
  const client = new S3Client({ ...(place.endpoint === null ? {} : { endpoint: place.endpoint }), forcePathStyle: true, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  const at = { Bucket: place.bucket, Key: `${place.prefix}${key}` };
  const { Versions: versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: at.Bucket, Prefix: at.Key }));
  const said = [];
  for (const { VersionId } of versions.filter(({ Key: name }) => name === at.Key)) {
    said.push(await client.send(new DeleteObjectCommand({ ...at, VersionId, BypassGovernanceRetention: true })).then(() => 'deleted', (error: Error) => error.name));
  }
  client.destroy();
  return said;
}
