import { Alert, Button, Stack } from '@mantine/core';
import { IconFlask, IconPlus, IconTicketOff } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { cellQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { toastDone, toastProblem } from '../parts/toast.tsx';
import { RaiseModal } from './raise-modal.tsx';
import { raiseTicket, type TicketOrder } from './sandbox-client.ts';
import { TicketList } from './ticket-list.tsx';

const LEAD = 'Raise a ticket as a caller would, and watch it being triaged, countersigned and written back.';

export function TicketsPage() {
  const cell = useQuery(cellQuery);
  const sandboxUrl = cell.data?.sandbox_url;
  if (typeof sandboxUrl === 'string') return <Sandbox url={sandboxUrl} />;
  return (
    <Page title="Tickets" lead={LEAD}>
      <AsyncView query={cell} what="the cell">
        {() => (
          <div className="panel">
            <Empty icon={IconTicketOff} title="This cell has no sandbox">Its tickets come from the ServiceNow instances under Connectors. A cell started with <code>npm start</code> has a sandbox to try things in.</Empty>
          </div>
        )}
      </AsyncView>
    </Page>
  );
}

function Sandbox({ url }: { url: string }) {
  const [writing, setWriting] = useState(false);
  const queryClient = useQueryClient();
  const raise = useMutation({
    mutationFn: (order: TicketOrder | null) => raiseTicket(url, order),
    onSuccess: (tickets) => {
      toastDone(`Raised ${tickets.map(({ number }) => number).join(', ')}`, null, 'Its run begins when the webhook has arrived.');
      setWriting(false);
    },
    onError: (error) => {
      if (!writing) toastProblem(error);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['sandbox-tickets'] }),
  });
  return (
    <Page
      title="Tickets"
      lead={LEAD}
      actions={
        <>
          <Button variant="default" onClick={() => { raise.reset(); setWriting(true); }}>Write a ticket</Button>
          <Button leftSection={<IconPlus size={16} aria-hidden />} loading={raise.isPending && !writing} onClick={() => raise.mutate(null)}>Raise a ticket</Button>
        </>
      }
    >
      <Stack gap="md">
        <Alert variant="outline" icon={<IconFlask aria-hidden />} title="Sandbox: not ServiceNow" styles={{ root: { background: 'var(--cs-wait-soft)', borderColor: 'transparent' }, title: { color: 'var(--cs-wait)' }, icon: { color: 'var(--cs-wait)' } }}>
          A server of Countersign's own at <code>{url}</code> that behaves like ServiceNow's Table API as documented. Its tickets and people are made up.
        </Alert>
        <TicketList sandboxUrl={url} />
      </Stack>
      {writing ? <RaiseModal pending={raise.isPending} error={raise.error} onClose={() => setWriting(false)} onRaise={(order) => raise.mutate(order)} /> : null}
    </Page>
  );
}
