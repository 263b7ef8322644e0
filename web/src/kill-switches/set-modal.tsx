import { Button, Group, Modal, NativeSelect, Radio, Stack, Text, Textarea } from '@mantine/core';
import { KILL_SWITCH_SCOPES } from '@countersign/contracts/policy/decision.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { policyOverviewQuery } from '../api/policy-queries.ts';
import { workflowsQuery } from '../api/queries.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { toastDone } from '../parts/toast.tsx';
import { nameOf } from './kill-switch-name.ts';

type Scope = (typeof KILL_SWITCH_SCOPES)[number];

const REASON_MIN_LENGTH = 3;
const SAYS: Record<Scope, string> = {
  workflow: 'One workflow, in every environment',
  environment: 'Everything in one environment',
  workspace: 'Everything in this workspace',
  tenant: 'Everything, in every workspace',
};
/** The narrowest first: who is in a hurry should not stop more than needed by mistake. */
const SCOPES = KILL_SWITCH_SCOPES.toReversed();

/** Stops something: what, and why. */
export function SetModal({ me, onClose }: { me: Schemas['Me']; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [scope, setScope] = useState<Scope>('workflow');
  const [picked, setPicked] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const targets = useTargets(scope, me);
  const target = targets.find(({ value }) => value === picked)?.value ?? targets[0]?.value;
  const missing = reason.trim().length < REASON_MIN_LENGTH;
  const stop = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/kill-switches', { body: { scope, reason: reason.trim(), ...(target === undefined ? {} : { id: target }) } })),
    onSuccess: (killSwitch) => {
      toastDone(`Stopped: ${nameOf(killSwitch)}`, null);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['kill-switches'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!missing && !stop.isPending) stop.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Stop something</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Radio.Group label="What" value={scope} onChange={(value) => setScope(SCOPES.find((one) => one === value) ?? 'workflow')}>
            <Stack gap={6} mt={6}>{SCOPES.map((one) => <Radio key={one} value={one} label={one} description={SAYS[one]} />)}</Stack>
          </Radio.Group>
          {targets.length < 2 ? <Text size="sm">{targets[0] === undefined ? `There is no ${scope} to stop.` : <>Stops <strong>{targets[0].label}</strong>.</>}</Text> : <NativeSelect label="Which" value={target} onChange={(event) => setPicked(event.currentTarget.value)} data={targets} />}
          <Textarea label="Reason" description="It is in every refusal, and in the audit with your name." required data-autofocus autosize minRows={2} maxLength={500} value={reason} error={tried && missing ? `Write at least ${REASON_MIN_LENGTH} letters` : undefined} onChange={(event) => setReason(event.currentTarget.value)} />
          {stop.error === null ? null : <ProblemView error={stop.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Keep it running</Button>
            <Button type="submit" color="red.8" loading={stop.isPending} disabled={targets.length === 0}>Stop it</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function useTargets(scope: Scope, me: Schemas['Me']): Array<{ value: string; label: string }> {
  const workflows = useQuery({ ...workflowsQuery, enabled: scope === 'workflow' });
  const overview = useQuery({ ...policyOverviewQuery, enabled: scope === 'environment' });
  switch (scope) {
    case 'workflow': return (workflows.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
    case 'environment': return (overview.data?.environments ?? []).map(({ environment_id, environment }) => ({ value: environment_id, label: environment }));
    case 'workspace': return [{ value: me.workspace.id, label: `the workspace ${me.workspace.name}` }];
    case 'tenant': return [{ value: me.tenant.id, label: `the tenant ${me.tenant.name}` }];
  }
}
