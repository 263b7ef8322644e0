import { SecretsError } from './errors.ts';

/** A reference to a secret that is kept elsewhere: `aws-sm:NAME`, `env:NAME`, `file:NAME`, each with `#MEMBER` behind it for one member of a JSON object. */
export interface SecretRef {
  readonly kind: 'aws-sm' | 'env' | 'file';
  /** Within what is set apart for the tenant: no reference leads to another tenant's secrets, or to the cell's own. */
  readonly name: string;
  readonly member: string | null;
}

/** @throws SecretsError `secret_ref_invalid` */
export function parseSecretRef(text: string): SecretRef {
  const [, kind, name, member] = /^(aws-sm|env|file):([^#]+)(?:#([A-Za-z0-9_.-]{1,100}))?$/.exec(text) ?? [];
  if ((kind === 'aws-sm' || kind === 'env' || kind === 'file') && name !== undefined && NAMES[kind].test(name) && !name.split('/').some((part) => /^\.+$/.test(part) || part === '')) {
    return { kind, name, member: member ?? null };
  }
  throw new SecretsError('secret_ref_invalid', 'A reference is aws-sm:NAME, env:NAME or file:NAME, with #MEMBER behind it for one member of a JSON object. Names are of letters, digits and - _ . /, those of env of letters, digits and _.');
}

const NAMES: Readonly<Record<SecretRef['kind'], RegExp>> = { 'aws-sm': /^[A-Za-z0-9_./-]{1,200}$/, env: /^[A-Za-z0-9_]{1,100}$/, file: /^[A-Za-z0-9_./-]{1,200}$/ };
