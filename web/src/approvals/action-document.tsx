import { Collapse, Loader, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import type { Approval } from '../api/client.ts';

const CodeView = lazy(async () => ({ default: (await import('../parts/code-view.tsx')).CodeView }));

/** The canonical action whose digest is voted on: exactly what would be executed. */
export function ActionDocument({ approval }: { approval: Approval }) {
  const [opened, { toggle }] = useDisclosure();
  return (
    <div style={{ borderTop: '1px solid var(--cs-line)' }}>
      <UnstyledButton fz="sm" onClick={toggle} aria-expanded={opened} px="md" py={10} w="100%" style={{ display: 'flex', alignItems: 'center', gap: 8 }}>
        {opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        Exactly what would be executed
      </UnstyledButton>
      <Collapse expanded={opened} keepMounted={false}>
        <Suspense fallback={<Loader size="sm" m="md" />}>
          <CodeView text={JSON.stringify(approval.action_document, null, 2)} language="json" label="The canonical action as JSON" maxHeight="420px" />
        </Suspense>
      </Collapse>
    </div>
  );
}
