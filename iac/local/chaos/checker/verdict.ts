/** Something that must not be. */
export interface Finding {
  readonly check: 'lost' | 'stuck' | 'duplicate' | 'no_intent' | 'stale_write' | 'audit' | 'resumption';
  readonly what: string;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<string, number>>;
}
