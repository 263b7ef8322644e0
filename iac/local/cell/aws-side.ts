import { existsSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createKmsKey } from '@countersign/platform/keys/create-kms-key.ts';
import { createLocalBucket } from '@countersign/platform/objects/create-bucket.ts';
import { secretsWriter } from '@countersign/platform/secrets/secrets-writer.ts';
import type { CellOptions } from '../config.ts';
import type { DataFolder } from './data-folder.ts';
import { CellError } from './errors.ts';

/** What of the cell is at AWS, or at what stands in for it here. */
export interface AwsSide {
  readonly keys: 'file' | 'kms';
  readonly secrets: 'database' | 'aws';
  readonly objects: 'folder' | 's3';
  /** Null: the cell never had one. It is named as long as it is there: keys may still be wrapped by it. */
  readonly kms_key_id: string | null;
  readonly bucket: string | null;
}

const LOCAL: AwsSide = { keys: 'file', secrets: 'database', objects: 'folder', kms_key_id: null, bucket: null };
const FIELDS = ['keys', 'secrets', 'objects', 'kms_key_id', 'bucket'] as const;

/**
 * What the options ask for, and what is not asked for as it was at the last start. The root key may be changed at any start, to and fro: both are named
 * and keys are wrapped anew. What is in a bucket or in Secrets Manager is not moved by anybody.
 * @throws CellError `usage` where an option would lose what the cell has
 */
export async function keptAwsSide(folder: DataFolder, options: Pick<CellOptions, 'keys' | 'secrets' | 'objects'>): Promise<AwsSide> {
  const kept = await folder.readKept<AwsSide>('aws', FIELDS) ?? LOCAL;
  const [secrets, objects] = [options.secrets ?? kept.secrets, options.objects ?? kept.objects];
  if (!folder.isNew && objects !== kept.objects) throw lost('--objects', kept.objects, 'Its evidence would not be found');
  if (kept.secrets === 'aws' && secrets !== 'aws') throw lost('--secrets', 'aws', 'Its credentials would not be found');
  const asked = { ...kept, keys: options.keys ?? kept.keys, secrets, objects };
  // A first start that fails later is done again with what it was asked for.
  if (folder.isNew) await folder.keep('aws', asked);
  return asked;
}

function lost(flag: string, was: string, what: string): CellError {
  return new CellError('usage', `This cell was made with ${flag} ${was}. ${what}: start it with that, or begin anew with --fresh.`);
}

/** Whether anything of it needs the stand-in for AWS. */
export function isOnAws({ keys, secrets, objects, kms_key_id }: AwsSide): boolean {
  return keys === 'kms' || secrets === 'aws' || objects === 's3' || kms_key_id !== null;
}

/** As whoever starts the cell is told. */
export function namesOnAws({ keys, secrets, objects, kms_key_id }: AwsSide): string[] {
  return [...(keys === 'kms' ? ['KMS'] : kms_key_id === null ? [] : ['KMS (of before)']), ...(secrets === 'aws' ? ['Secrets Manager'] : []), ...(objects === 's3' ? ['S3'] : [])];
}

/** Makes the key and the bucket that the cell has not yet, and remembers them before anybody uses them. */
export async function madeAwsSide(side: AwsSide, endpoint: string, folder: DataFolder): Promise<AwsSide> {
  const made = {
    ...side,
    kms_key_id: side.keys === 'kms' ? side.kms_key_id ?? await createKmsKey(endpoint) : side.kms_key_id,
    bucket: side.objects === 's3' ? side.bucket ?? `countersign-${randomBytes(6).toString('hex')}` : side.bucket,
  };
  await folder.keep('aws', made);
  if (made.bucket !== null) await createLocalBucket(endpoint, made.bucket);
  return made;
}

/** What both planes are told of it. `endpoint`: of the stand-in; empty where there is none. */
export function awsEnvironment({ keys, secrets, objects, kms_key_id, bucket }: AwsSide, endpoint: string, folder: Pick<DataFolder, 'keyFile' | 'objects'>): Record<string, string> {
  const others = [...(keys === 'kms' && existsSync(folder.keyFile) ? [`file:${folder.keyFile}`] : []), ...(keys === 'file' && kms_key_id !== null ? [`aws-kms:${kms_key_id}`] : [])];
  return {
    ...(keys === 'kms' ? { COUNTERSIGN_KEYS: 'aws-kms', COUNTERSIGN_KMS_KEY_ID: kms_key_id ?? '' } : { COUNTERSIGN_KEY_FILE: folder.keyFile }),
    ...(others.length === 0 ? {} : { COUNTERSIGN_KEYS_ALSO: others.join(',') }),
    ...(endpoint === '' ? {} : { COUNTERSIGN_AWS_ENDPOINT: endpoint }),
    ...(secrets === 'aws' ? { COUNTERSIGN_SECRETS_AWS_PREFIX: SECRETS_PREFIX } : {}),
    ...(objects === 's3' ? { COUNTERSIGN_OBJECTS_S3_BUCKET: bucket ?? '', COUNTERSIGN_OBJECTS_S3_ENDPOINT: endpoint } : { COUNTERSIGN_OBJECTS_DIR: folder.objects }),
  };
}

/** Puts a secret where references of the tenant lead to, as an operator would. */
export function tenantSecretsWriter(endpoint: string, tenantId: string): (name: string, value: object) => Promise<void> {
  const write = secretsWriter(endpoint);
  return (name, value) => write(`${SECRETS_PREFIX}/${tenantId}/${name}`, JSON.stringify(value));
}

const SECRETS_PREFIX = 'countersign/cell';
