import { Text } from '@mantine/core';
import type { Approval } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';

/** What was sent, when and by whom, and why nobody can tell what became of it. Above what the record shows if it happened. */
export function OutcomeQuestion({ approval: { sent = null } }: { approval: Approval }) {
  return (
    <>
      <div style={{ padding: '12px 16px 0' }}>
        <Notice tone="wait" title="Did it happen?">
          <Text size="sm">This was sent to the system of record and no answer came back. Look at the record: if it shows what is below, it happened. Nothing is sent again before you have answered.</Text>
          {sent?.error == null ? null : <Text size="sm" mt={4}><code>{sent.error.code}</code> {sent.error.message}</Text>}
        </Notice>
      </div>
      {sent === null ? null : (
        <Facts
          facts={[
            { name: 'Sent', value: <TimeAgo at={sent.intended_at} /> },
            { name: 'In attempt', value: sent.attempt },
            { name: 'By worker', value: sent.worker === null ? 'not recorded' : <span className="mono">{sent.worker}</span> },
            { name: 'Idempotency key', value: <CopyId id={sent.idempotency_key} what="idempotency key" /> },
            { name: 'Call', value: <CopyId id={sent.call_id} what="call id" /> },
          ]}
        />
      )}
    </>
  );
}
