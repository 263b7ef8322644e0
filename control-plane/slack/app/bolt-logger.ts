import { LogLevel } from '@slack/bolt';
import type { Logger as BoltLogger } from '@slack/bolt';
import type { Logger } from '@countersign/platform/log/logger.ts';

/** Bolt's messages in our log. Its debug messages hold whole payloads and are never written. */
export function boltLogger(log: Logger, tenantId: string): BoltLogger {
  const write = (level: 'warn' | 'info') => (...parts: unknown[]): void => log[level]({ from: 'slack', tenant_id: tenantId }, parts.map(String).join(' '));
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: write('warn'),
    // Trouble with Slack is trouble of one tenant and passes; it is not ours to page anybody for.
    error: write('warn'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
