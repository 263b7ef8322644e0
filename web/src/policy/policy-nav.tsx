import { SubNav } from '../parts/sub-nav.tsx';
import { POLICY_PAGES } from '../shell/pages.ts';

const PAGES = [{ path: '/policy', label: 'Overview' }, ...POLICY_PAGES];

/** The pages of policy. */
export function PolicyNav() {
  return <SubNav label="Policy" pages={PAGES} />;
}
