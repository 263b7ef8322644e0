import { describe, expect, test } from 'vitest';
import { failureInWords, healthLook } from './instance-looks.ts';

const HEALTH = { circuit: 'closed', last_failure_code: null, probe_at: null, blocked_until: null, window: null } as const;

describe('how an instance does', () => {
  test.each([
    [HEALTH, 'answers', 'ok'],
    [{ ...HEALTH, circuit: 'open', probe_at: '2026-11-21T10:00:00Z' } as const, 'does not answer', 'bad'],
    [{ ...HEALTH, circuit: 'half_open' } as const, 'being tried', 'wait'],
    [{ ...HEALTH, blocked_until: '2026-11-21T10:00:00Z' }, 'asked for silence', 'wait'],
    [{ ...HEALTH, circuit: 'open', blocked_until: '2026-11-21T10:00:00Z' } as const, 'does not answer', 'bad'],
  ])('%j: %s', (health, word, tone) => {
    expect(healthLook(health)).toMatchObject({ word, tone });
  });

  test.each([['peer_timeout', 'it did not answer in time'], ['http_599', 'http_599'], [null, 'nothing yet']])('%s: %s', (code, words) => {
    expect(failureInWords(code)).toBe(words);
  });
});
