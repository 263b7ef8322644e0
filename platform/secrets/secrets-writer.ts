import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** What puts secrets into a Secrets Manager on this machine that is not Amazon's, as an operator would; one that is there gets another value. */
export function secretsWriter(endpoint: string): (name: string, text: string) => Promise<void> {
  const client = new SecretsManagerClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  return async (name, text) => {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: text })).catch((error: Error) => {
      if (error.name !== 'ResourceExistsException') throw error;
      return client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
    });
  };
}
