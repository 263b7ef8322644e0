import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import { renderPage } from '@countersign/platform/html/page.ts';
import type { Section } from '@countersign/platform/html/page.ts';

const TITLES: Record<PackageKind, string> = {
  approval: 'Evidence of an approval', policy_release: 'Evidence of a policy release', period: 'Evidence of a period', erasure: 'Evidence of an erasure',
  break_glass: 'Evidence of a break-glass grant', tenant_move: 'Evidence of the move of a tenant',
};

export interface PackageOnAPage {
  readonly id: string;
  readonly kind: PackageKind;
  readonly subjectId: string;
  readonly requestedBy: string;
  readonly builtAt: Date;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly sections: readonly Section[];
  readonly events: readonly AuditEvent[];
}

/** index.html of a package: what it shows, what the audit says, and how to verify it. */
export function packagePage({ id, kind, subjectId, requestedBy, builtAt, claims, sections, events }: PackageOnAPage): Uint8Array {
  return renderPage({
    title: `${TITLES[kind]}: ${subjectId}`,
    summary: `Package ${id}, asked for by ${requestedBy}, built ${builtAt.toISOString()}.`,
    sections: [
      { heading: 'What it claims', table: { headings: ['What', 'Value'], rows: Object.entries(claims).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]), empty: 'No more than its files show.' } },
      ...sections,
      { heading: 'What the audit says', table: { headings: ['At', 'Event', 'Who', 'About'], rows: events.map(({ at, type, actor, subject }) => [at, type, { code: actor.id }, { code: subject.id }]), empty: 'No event is shown.' } },
      { heading: 'How to verify this', text: ['This page proves nothing by itself: it is one of the files that the statement signs. The verifier checks all of them. It needs no server and no network.'], commands: ['countersign evidence verify FILE.zip --keys KEYS.json'] },
    ],
  });
}
