import { SubNav } from '../parts/sub-nav.tsx';
import { CONNECTOR_PAGES } from '../shell/pages.ts';

/** The systems that workflows reach, and what they sign in with. */
export function ConnectorsNav() {
  return <SubNav label="Connectors" pages={CONNECTOR_PAGES} />;
}
