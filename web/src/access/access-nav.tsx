import { SubNav } from '../parts/sub-nav.tsx';
import { ACCESS_PAGES } from '../shell/pages.ts';

/** The pages about who comes in, and what they may do. */
export function AccessNav() {
  return <SubNav label="Access" pages={ACCESS_PAGES} />;
}
