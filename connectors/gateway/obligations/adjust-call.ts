import type { Call } from '../call.ts';
import type { Adjusted } from '../ports.ts';
import { changeParameters } from './parameter-changes.ts';
import type { ParameterObligations } from './parameter-changes.ts';

/** `call` as policy lets it be made: capped and redacted in what was asked for, so that everything that follows is made from that. */
export function adjustCall(call: Call, obligations: ParameterObligations): Call {
  const { parameters, capped, redacted } = changeParameters(call.request.parameters, obligations);
  if (capped.length + redacted.length === 0) return call;
  return { ...call, request: { ...call.request, parameters }, adjusted: together(call.adjusted, { capped, redacted }) };
}

/** What policy capped or redacted before it sent the call here holds here, too. */
export function carriedOn(call: Call): Call {
  return call.request.routedFrom === undefined ? call : adjustCall(call, call.request.routedFrom.obligations);
}

function together(before: Adjusted | null, now: Adjusted): Adjusted {
  const both = (name: keyof Adjusted): string[] => [...new Set([...(before?.[name] ?? []), ...now[name]])].sort();
  return { capped: both('capped'), redacted: both('redacted') };
}
