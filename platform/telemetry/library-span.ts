import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';

export type LibraryAttributes = Attributes;

export interface LibrarySpan {
  set(attributes: LibraryAttributes): void;
  fail(code: string): void;
  end(): void;
}

/**
 * A span of code that is given no `Tracing`: a package that also runs elsewhere. It is part of whatever span is active; where no SDK runs in
 * the process it costs nothing and goes nowhere.
 */
export function startClientSpan(scope: string, name: string, attributes: LibraryAttributes): LibrarySpan {
  const span = trace.getTracer(scope).startSpan(name, { kind: SpanKind.CLIENT, attributes });
  return {
    set: (more) => { span.setAttributes(more); },
    fail: (code) => {
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  };
}
