import { Page } from '../parts/page.tsx';
import { Sessions } from './sessions.tsx';

/** One's own ways in: where one is signed in. */
export function AccountPage() {
  return (
    <Page title="Your account" lead="Where you are signed in.">
      <Sessions principalId={null} />
    </Page>
  );
}
