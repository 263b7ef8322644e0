import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { KeysError } from './keys.ts';

/**
 * Makes a key at a server on this machine that is not Amazon's, and gives its ARN: a symmetric one that wraps, or one that signs. In an account the key
 * belongs to its infrastructure as code.
 */
export async function createKmsKey(endpoint: string, spec: 'SYMMETRIC_DEFAULT' | 'ECC_NIST_P256' | 'ECC_NIST_P384' = 'SYMMETRIC_DEFAULT'): Promise<string> {
  const client = new KMSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand(spec === 'SYMMETRIC_DEFAULT' ? { Description: 'wraps the keys of tenants' } : { Description: 'signs the certificates of agents', KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }));
    if (KeyMetadata?.Arn === undefined) throw new KeysError('kek_unreachable', `${endpoint} made no key.`);
    return KeyMetadata.Arn;
  } finally {
    client.destroy();
  }
}
