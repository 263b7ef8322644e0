import { hash } from 'node:crypto';
import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { SEVERITY, redactedData } from '@countersign/contracts/events/catalogue.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ocsf, PRODUCT } from './ocsf.ts';
import type { SinkEvent } from './sink-event.ts';

export type SinkFormat = 'ocsf' | 'cef' | 'native';

/** An event in the words of the sink, without its line feed; what may not leave the cell is left out or is its digest. */
export function formatEvent(format: SinkFormat, given: SinkEvent, showsSensitive: boolean): string {
  const event = given.event === null ? null : { ...given.event, data: redactedData(given.event.data, (value) => `sha256:${hash('sha256', canonicalText(value), 'hex')}`, showsSensitive) };
  if (format === 'native') return JSON.stringify({ chain: given.chain, seq: given.seq, type: given.type, event });
  return format === 'ocsf' ? JSON.stringify(ocsf(given, event)) : cef(given, event);
}

/** CEF:0, "Implementing ArcSight Common Event Format": in the header a pipe and a backslash are escaped, in values an equals sign, a backslash and line feeds. */
function cef({ chain, seq, type }: SinkEvent, event: AuditEvent | null): string {
  const severity = { 1: 2, 3: 6, 4: 8, 5: 10 }[SEVERITY[type as AuditEventType] ?? 1];
  const fields: Record<string, string> = {
    externalId: event?.id ?? `${chain}/${seq}`, cn1Label: 'seq', cn1: String(seq), cs1Label: 'chain', cs1: chain,
    ...(event === null ? { cs2Label: 'body', cs2: 'ended' } : {
      rt: String(new Date(event.at).getTime()), suser: event.actor.id, cs2Label: 'subject', cs2: `${event.subject.kind}:${event.subject.id}`, cs3Label: 'data', cs3: JSON.stringify(event.data),
      ...(event.run_id === null ? {} : { cs4Label: 'run_id', cs4: event.run_id }),
    }),
  };
  const header = ['CEF:0', PRODUCT.vendor_name, PRODUCT.name, '1', type, type, String(severity)].map((part) => part.replaceAll(/[\\|]/g, '\\$&')).join('|');
  return `${header}|${Object.entries(fields).map(([key, value]) => `${key}=${value.replaceAll(/[\\=]/g, '\\$&').replaceAll(/\r?\n/g, '\\n')}`).join(' ')}`;
}
