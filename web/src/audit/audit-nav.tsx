import { SubNav } from '../parts/sub-nav.tsx';
import { AUDIT_PAGES } from '../shell/pages.ts';

/** The pages of the audit. */
export function AuditNav() {
  return <SubNav label="Audit" pages={AUDIT_PAGES} />;
}
