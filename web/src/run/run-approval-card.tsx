import { Anchor, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { Approval } from '../api/client.ts';
import { Deadline } from '../approvals/deadline.tsx';
import { FieldList } from '../approvals/field-changes.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { APPROVAL_LOOKS } from '../parts/state-look.ts';

/** What a person was asked in this run; the vote itself is cast in the inbox, where everything that counts is shown. */
export function RunApprovalCard({ approval }: { approval: Approval }) {
  return (
    <section className="panel" aria-label="Approval">
      <header><Title order={3}>{approval.kind === 'outcome' ? 'Did it happen?' : 'Approval'}</Title><StateBadge state={approval.state} look={APPROVAL_LOOKS[approval.state]} /></header>
      <FieldList preview={approval.preview} />
      <Text size="sm" p="md" pt="xs" component="div">
        <Anchor component={Link} to={`/approvals?selected=${approval.id}`}>{approval.state === 'pending' ? 'Decide in the inbox' : 'See the approval'}</Anchor>
        {approval.state === 'pending' ? <Text size="xs" c="dimmed" component="div"><Deadline approval={approval} /></Text> : null}
      </Text>
    </section>
  );
}
