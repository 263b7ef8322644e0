import { stdSerializers } from 'pino';

/** What clients of others hang onto their errors: a peer's answer may repeat the very credential that it was sent. */
const EXCHANGE_FIELDS: ReadonlySet<string> = new Set(['headers', 'body', 'data', 'config', 'request', 'response', 'original']);

/** An error as it is logged: with its code, stack and cause, without what went over the wire. */
export function loggedError(error: Error): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(stdSerializers.err(error)).filter(([name]) => !EXCHANGE_FIELDS.has(name)));
}
