import { Anchor } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { Empty, Page } from '../parts/page.tsx';

export function NotFoundPage() {
  const { pathname } = useLocation();
  return (
    <Page title="No such page">
      <div className="panel">
        <Empty icon={IconMapOff} title="There is nothing at this address">
          <code>{pathname}</code> is no page of the console. Go to the <Anchor underline="always" component={Link} to="/runs">runs</Anchor> or the <Anchor underline="always" component={Link} to="/approvals">approvals</Anchor>.
        </Empty>
      </div>
    </Page>
  );
}
