import { createKmsKey } from '@countersign/platform/keys/create-kms-key.ts';
import type { DataFolder } from './data-folder.ts';

/**
 * Who signs the certificates of agents, as the control plane is told: a key of KMS in a cell that was on KMS when it first had agents, else a file. Agents
 * know the cell by it, so it stays what it was.
 */
export async function keptAgentAuthority(folder: Pick<DataFolder, 'agentAuthority' | 'readKept' | 'keep'>, keys: 'file' | 'kms', awsEndpoint: string): Promise<string> {
  const kept = await folder.readKept<{ kms_key_id: string | null }>('agent-authority', ['kms_key_id']);
  const kms_key_id = kept === undefined ? await newKey(keys, awsEndpoint) : kept.kms_key_id;
  if (kept === undefined) await folder.keep('agent-authority', { kms_key_id });
  return kms_key_id === null ? `file:${folder.agentAuthority}` : `aws-kms:${kms_key_id}`;
}

async function newKey(keys: 'file' | 'kms', awsEndpoint: string): Promise<string | null> {
  return keys === 'kms' ? createKmsKey(awsEndpoint, 'ECC_NIST_P256') : null;
}
