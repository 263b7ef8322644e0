import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';

/** Makes a symmetric key in a stand-in for KMS and gives its ARN. */
export async function createKmsKey(endpoint: string): Promise<string> {
  const client = new KMSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  const { KeyMetadata } = await client.send(new CreateKeyCommand({ Description: 'wraps keys of tests' }));
  if (KeyMetadata?.Arn === undefined) throw new TypeError('KMS made no key');
  return KeyMetadata.Arn;
}
