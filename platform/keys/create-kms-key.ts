import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { KeysError } from './keys.ts';

/** Makes a symmetric key at a server on this machine that is not Amazon's, and gives its ARN. In an account the key belongs to its infrastructure as code. */
export async function createKmsKey(endpoint: string): Promise<string> {
  const client = new KMSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ Description: 'wraps the keys of tenants' }));
    if (KeyMetadata?.Arn === undefined) throw new KeysError('kek_unreachable', `${endpoint} made no key.`);
    return KeyMetadata.Arn;
  } finally {
    client.destroy();
  }
}
