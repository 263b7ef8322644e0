import { createHash } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, PutObjectRetentionCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { ObjectsError, checkedKey, checkedPrefix } from './objects.ts';
import type { Objects, PutOptions } from './objects.ts';
import type { S3Place } from './settings.ts';

const ANSWER_WITHIN_MS = 30_000;
const CONNECT_WITHIN_MS = 3_000;

/**
 * Objects in a bucket of S3 that has versions and Object Lock. A key is written once (`If-None-Match: *`), with its SHA-256 for S3 to compare.
 * Source: Amazon S3 API reference, PutObject; user guide, "Locking objects with Object Lock".
 */
export class S3Objects implements Objects {
  readonly #client: S3Client;
  readonly #place: S3Place;

  constructor(place: S3Place) {
    this.#place = place;
    const isLocal = place.endpoint !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(place.endpoint).hostname);
    this.#client = new S3Client({
      // A server that is not Amazon's has no host name per bucket.
      ...(place.endpoint === null ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
      ...(isLocal ? { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
      ...(place.region === null ? {} : { region: place.region }),
      maxAttempts: 3,
      requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, requestTimeout: ANSWER_WITHIN_MS, throwOnRequestTimeout: true },
    });
  }

  async put(key: string, bytes: Uint8Array, { retainUntil }: PutOptions = {}): Promise<void> {
    const at = this.#at(key);
    const lock = retainUntil === undefined ? {} : { ObjectLockMode: 'COMPLIANCE' as const, ObjectLockRetainUntilDate: retainUntil };
    try {
      await this.#client.send(new PutObjectCommand({
        ...at, Body: bytes, IfNoneMatch: '*', ChecksumAlgorithm: 'SHA256', ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'), ...lock,
      }));
    } catch (error) {
      // 409: somebody else is writing the same key at this moment; who wins is asked below.
      if (!isStatus(error, 412) && !isStatus(error, 409)) throw this.#told(`store ${key}`, error);
      if (!Buffer.from(bytes).equals(await this.get(key))) throw new ObjectsError('object_exists', `The object ${key} exists with other bytes.`, { cause: error });
      if (retainUntil !== undefined) await this.#prolong(key, retainUntil);
    }
  }

  async get(key: string): Promise<Uint8Array> {
    const at = this.#at(key);
    try {
      const { Body: body } = await this.#client.send(new GetObjectCommand(at));
      return await body?.transformToByteArray() ?? new Uint8Array();
    } catch (error) {
      if (isStatus(error, 404)) throw new ObjectsError('object_missing', `There is no object ${key}.`, { cause: error });
      throw this.#told(`read ${key}`, error);
    }
  }

  async has(key: string): Promise<boolean> {
    return await this.#head(key) !== null;
  }

  async *list(prefix: string): AsyncIterable<string> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(new ListObjectsV2Command({ Bucket: this.#place.bucket, Prefix: `${this.#place.prefix}${checkedPrefix(prefix)}`, ContinuationToken: token }))
        .catch((error: unknown) => { throw this.#told(`list ${prefix}`, error); });
      for (const { Key: key } of page.Contents ?? []) if (key !== undefined) yield key.slice(this.#place.prefix.length);
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async remove(key: string): Promise<void> {
    const head = await this.#head(key);
    if (head === null) return;
    const until = head.ObjectLockRetainUntilDate;
    if (until !== undefined && until > new Date()) throw new ObjectsError('object_retained', `The object ${key} is retained until ${until.toISOString()}.`, { retainedUntil: until });
    // By its version: without one S3 would only lay a marker over it.
    await this.#client.send(new DeleteObjectCommand({ ...this.#at(key), VersionId: head.VersionId })).catch((error: unknown) => { throw this.#told(`remove ${key}`, error); });
  }

  async #prolong(key: string, retainUntil: Date): Promise<void> {
    const until = (await this.#head(key))?.ObjectLockRetainUntilDate;
    if (until !== undefined && until >= retainUntil) return;
    await this.#client.send(new PutObjectRetentionCommand({ ...this.#at(key), Retention: { Mode: 'COMPLIANCE', RetainUntilDate: retainUntil } }))
      .catch((error: unknown) => { throw this.#told(`retain ${key}`, error); });
  }

  async #head(key: string): Promise<HeadObjectCommandOutput | null> {
    return this.#client.send(new HeadObjectCommand(this.#at(key))).catch((error: unknown) => {
      if (isStatus(error, 404)) return null;
      throw this.#told(`look at ${key}`, error);
    });
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: `${this.#place.prefix}${checkedKey(key)}` };
  }

  #told(what: string, cause: unknown): ObjectsError {
    const { name, message } = cause as Error;
    if (cause instanceof S3ServiceException && cause.$fault === 'client') {
      return new ObjectsError('objects_refused', `The bucket ${this.#place.bucket} refused to ${what}: ${name} ${message}. Look at the permissions of this process's role, and that the bucket has versions and Object Lock.`, { cause });
    }
    return new ObjectsError('objects_unreachable', `The bucket ${this.#place.bucket} did not ${what} (${name}). It is tried again.`, { cause });
  }
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}
