import { pino } from 'pino';
import type { Logger, LoggerOptions } from 'pino';
import { loggedError } from './logged-error.ts';
import type { LineSink } from './text-lines.ts';

export type { Logger } from 'pino';

/** Field names whose values are secrets wherever they stand. What is not logged cannot leak; this is the second fence. */
const SECRET_FIELDS = ['authorization', 'cookie', 'set-cookie', 'password', 'secret', 'token', 'client_secret', 'access_token',
  'refresh_token', 'private_key', 'private_key_pem', 'api_key', 'x-sn-apikey', 'webhook-signature', 'x-countersign-shared-secret'];

const REDACT_PATHS = SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`, `*.*.*["${name}"]`]);

/** One JSON line per entry, on stdout unless `sink` takes it, with the service's name. `level`: trace, debug, info, warn, error, silent. */
export function createLogger(service: string, level = 'info', sink?: LineSink): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: loggedError },
    redact: { paths: REDACT_PATHS, censor: '[redacted]' },
    formatters: { level: (label) => ({ level: label }) },
  };
  return sink === undefined ? pino(options) : pino(options, { write: (line) => void sink.write(line) });
}
