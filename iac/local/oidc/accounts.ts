import type { StandInAccount } from './oidc-stand-in.ts';

/** Whom the stand-in of a local cell knows: a person for each role that a visitor may want to be, two of them with a second factor. */
export const ACCOUNTS: ReadonlyArray<StandInAccount & { readonly role: string }> = [
  { name: 'An administrator', email: 'administrator@example.com', email_verified: true, amr: ['pwd', 'otp'], role: 'admin' },
  { name: 'An approver', email: 'approver@example.com', email_verified: true, amr: ['pwd', 'otp'], role: 'approver' },
  { name: 'A viewer', email: 'viewer@example.com', email_verified: true, amr: ['pwd'], role: 'viewer' },
];
