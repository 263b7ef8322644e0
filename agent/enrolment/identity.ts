import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncryptionJwk, EnrolAnswer } from '@countersign/contracts/agent/protocol.ts';
import type { AgentKeySet } from '@countersign/contracts/agent/key-set.ts';
import type { ClientIdentity } from '../session/secure.ts';
import { EnrolmentError } from './errors.ts';
import { exists, readPrivate, writePrivate } from './private-file.ts';

/** Who this agent is, as its folder has it. The keys never leave it. */
export interface Identity {
  readonly cell_url: string;
  readonly ca_pem: string;
  readonly certificate_pem: string;
  readonly agent_id: string;
  readonly spiffe_id: string;
  readonly tenant: EnrolAnswer['tenant'];
  readonly workspace: EnrolAnswer['workspace'];
  readonly environment: EnrolAnswer['environment'];
  readonly pool: string;
  readonly policy_scope: string;
  /** The newest keys that it believes. */
  readonly key_set: AgentKeySet;
}

/** P-256 both: one that proves who it is, one that orders are encrypted to. */
export interface AgentKeys {
  readonly signing: KeyObject;
  readonly encryption: KeyObject;
}

const IDENTITY = 'identity.json';
const SIGNING_KEY = 'agent.key';
const ENCRYPTION_KEY = 'encryption.key';

export function newKeys(): AgentKeys {
  const key = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return { signing: key(), encryption: key() };
}

export function encryptionJwkOf({ encryption }: AgentKeys): EncryptionJwk {
  const { kty, crv, x, y } = createPublicKey(encryption).export({ format: 'jwk' });
  return { kty, crv, x, y } as EncryptionJwk;
}

/** What the agent shows for itself on a connection. */
export function clientIdentityOf({ certificate_pem }: Pick<Identity, 'certificate_pem'>, { signing }: Pick<AgentKeys, 'signing'>): ClientIdentity {
  return { certificate_pem, private_key_pem: pemOf(signing) };
}

export async function isEnrolled(state_dir: string): Promise<boolean> {
  return exists(join(state_dir, IDENTITY));
}

/** The keys first: an identity without its keys would be none. */
export async function saveEnrolment(state_dir: string, identity: Identity, { signing, encryption }: AgentKeys): Promise<void> {
  await mkdir(state_dir, { recursive: true, mode: 0o700 });
  await writePrivate(join(state_dir, SIGNING_KEY), pemOf(signing));
  await writePrivate(join(state_dir, ENCRYPTION_KEY), pemOf(encryption));
  await saveIdentity(state_dir, identity);
}

/** After a renewal, or when the cell has newer keys. */
export async function saveIdentity(state_dir: string, identity: Identity): Promise<void> {
  await writePrivate(join(state_dir, IDENTITY), `${JSON.stringify(identity, null, 2)}\n`);
}

/** @throws EnrolmentError `not_enrolled`, `identity_unusable` */
export async function loadEnrolment(state_dir: string): Promise<{ readonly identity: Identity; readonly keys: AgentKeys }> {
  await requireClosed(state_dir);
  const [text, signing, encryption] = await Promise.all([IDENTITY, SIGNING_KEY, ENCRYPTION_KEY].map((name) => readPrivate(join(state_dir, name))));
  if (text === null || text === undefined) throw new EnrolmentError('not_enrolled', `There is no agent in ${state_dir}. Get a token (console: Agents, or countersign agents token) and run: countersign-agent enroll`);
  if (signing === null || signing === undefined || encryption === null || encryption === undefined) throw damaged(state_dir, 'a key is missing');
  const [identity, keys] = [parsed(state_dir, text), { signing: keyOf(state_dir, signing), encryption: keyOf(state_dir, encryption) }];
  if (!new X509Certificate(identity.certificate_pem).checkPrivateKey(keys.signing)) throw damaged(state_dir, 'the certificate is of another key');
  return { identity, keys };
}

/** Whoever may write there can put another key, another spool or another version of the agent in place of ours. */
async function requireClosed(state_dir: string): Promise<void> {
  const folder = await stat(state_dir).catch(() => null);
  if (folder !== null && (folder.mode & 0o022) !== 0) throw new EnrolmentError('identity_unusable', `${state_dir} can be written by others. Run: chmod 700 ${state_dir}; whoever was there meanwhile can have replaced anything, so better enrol again.`);
}

function parsed(state_dir: string, text: string): Identity {
  try {
    return JSON.parse(text) as Identity;
  } catch {
    throw damaged(state_dir, `${IDENTITY} is no JSON`);
  }
}

function keyOf(state_dir: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw damaged(state_dir, 'a key cannot be read');
  }
}

function damaged(state_dir: string, what: string): EnrolmentError {
  return new EnrolmentError('identity_unusable', `The identity in ${state_dir} is damaged: ${what}. Revoke the agent, get a token, and run: countersign-agent enroll --again. What its spool holds stays beside the new one's.`);
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
