import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { changeRequestQuery } from '../api/access-queries.ts';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { useAct } from '../parts/use-act.ts';
import { given } from '../states/role-permission.ts';
import { CHANGE_LOOKS } from './change-looks.ts';
import { operationInWords } from './operation-words.ts';

type Change = Schemas['ChangeRequest'];

/** One change: the call as it would be carried out, and the decision on exactly that. */
export function ChangeModal({ changeId, onClose }: { changeId: string; onClose: () => void }) {
  const query = useQuery(changeRequestQuery(changeId));
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>{query.data === undefined ? 'Change' : operationInWords(query.data.operation)}</Text>}>
      <AsyncView query={query} what="the change" skeletonRows={5}>{(change) => <Shown change={change} />}</AsyncView>
    </Modal>
  );
}

function Shown({ change }: { change: Change }) {
  return (
    <Stack gap="md">
      <Facts facts={[
        { name: 'State', value: <StateBadge state={change.state} look={CHANGE_LOOKS[change.state]} /> },
        { name: 'Asked', value: <><TimeAgo at={change.requested_at} /> by <CopyId id={change.requested_by} what="who asked" /></> },
        { name: change.decided_at === null ? 'Ends' : 'Decided', value: change.decided_at === null ? <TimeAgo at={change.expires_at} /> : <><TimeAgo at={change.decided_at} />{change.decided_by === null ? null : <> by <CopyId id={change.decided_by} what="who decided" /></>}</> },
        { name: 'Digest', value: <CopyId id={change.digest} what="digest of the call" /> },
      ]} />
      {change.call === null ? <Text size="sm" c="dimmed">What was asked for is not kept any more, or not for your roles.</Text> : <pre className="mono" tabIndex={0} role="region" aria-label="The call" style={{ margin: 0, padding: 12, maxHeight: 320, overflow: 'auto', background: 'var(--cs-sunken)', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(change.call, null, 2)}</pre>}
      {change.result?.code === undefined ? null : <Notice tone="bad" title="It was refused when it was carried out"><code>{change.result.code}</code> {change.result.detail}</Notice>}
      {change.state === 'pending' ? <Decide change={change} /> : null}
    </Stack>
  );
}

/** Agrees or disagrees with exactly the call that is shown; who asked may take it back. */
function Decide({ change }: { change: Change }) {
  const { data: me } = useQuery(meQuery);
  const [reason, setReason] = useState('');
  const path = { change_id: change.id };
  const body = { digest: change.digest, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) };
  const touches = ['change-requests', 'change-request', 'roles', 'role-assignments', 'retention', 'policy', 'workflows'];
  const approve = useAct({ act: () => dataOf(api.POST('/api/v1/change-requests/{change_id}/approve', { params: { path }, body })), says: ({ state }) => (state === 'failed' ? null : 'Agreed, and carried out for who asked'), touches });
  const reject = useAct({ act: () => dataOf(api.POST('/api/v1/change-requests/{change_id}/reject', { params: { path }, body })), says: () => 'Rejected: it is not carried out', touches });
  const withdraw = useAct({ act: () => dataOf(api.POST('/api/v1/change-requests/{change_id}/withdraw', { params: { path } })), says: () => 'Taken back', touches });
  const permission = given(change.may_decide, change.may_not_decide_because ?? 'Somebody else decides it.');
  const busy = approve.isPending || reject.isPending || withdraw.isPending;
  const error = approve.error ?? reject.error ?? withdraw.error;
  return (
    <Stack gap="sm">
      {change.may_decide ? <Textarea label="Reason" description="It is kept as a digest with the decision." autosize minRows={1} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} /> : <Text size="sm" c="dimmed">{change.may_not_decide_because}</Text>}
      {error === null ? null : <ProblemView error={error} />}
      <Group justify="flex-end">
        {change.requested_by === me?.principal.id ? <Button variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate(undefined)}>Take it back</Button> : null}
        <ReasonButton variant="default" permission={permission} loading={reject.isPending} onClick={() => { if (!busy) reject.mutate(undefined); }}>Reject</ReasonButton>
        <ReasonButton color="yes.8" permission={permission} loading={approve.isPending} onClick={() => { if (!busy) approve.mutate(undefined); }}>Agree</ReasonButton>
      </Group>
    </Stack>
  );
}
