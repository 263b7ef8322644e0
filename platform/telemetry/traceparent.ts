import { hash, randomBytes } from 'node:crypto';

/** Where something happens in a trace, as it is carried from one process to the next. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16, of the span that what follows is part of. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads the header of W3C Trace Context. Null for what is none: a sender that gets it wrong begins a new trace and loses nothing. Source: https://www.w3.org/TR/trace-context/#traceparent-header */
export function readTraceparent(text: string | null | undefined): TraceContext | null {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text ?? '') ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null;
  // Later versions may add to the end; the first must not have anything there, and ff is no version.
  if (version === 'ff' || (version === '00' && more !== undefined) || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The trace of something that nobody began one for, the same wherever it is asked for: its id says which. */
export function traceIdOf(id: string): string {
  return nonZero(hash('sha256', `trace ${id}`, 'hex').slice(0, 32));
}

/** The span of something that lives in many processes, the same in all of them. */
export function spanIdOf(id: string): string {
  return nonZero(hash('sha256', `span ${id}`, 'hex').slice(0, 16));
}

export function randomTraceId(): string {
  return nonZero(randomBytes(16).toString('hex'));
}

export function randomSpanId(): string {
  return nonZero(randomBytes(8).toString('hex'));
}

/** All zeros mean "none" to every reader; as likely as not at all. */
function nonZero(digits: string): string {
  return /^0+$/.test(digits) ? digits.replace(/0$/, '1') : digits;
}
