import { Button, Group, Modal, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, dataOf } from '../api/client.ts';
import { policyGateQuery, type GateAsRead } from '../api/policy-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { toastDone } from '../parts/toast.tsx';
import { formOf, limitsOf, type GateForm } from './gate-form.ts';

/** What a replay must show before policy is released in an environment. */
export function GateModal({ environmentId, environment, onClose }: { environmentId: string; environment: string; onClose: () => void }) {
  const query = useQuery(policyGateQuery(environmentId));
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Gate of {environment}</Text>}>
      <AsyncView query={query} what="the gate" skeletonRows={5}>{(read) => <Form read={read} onClose={onClose} />}</AsyncView>
    </Modal>
  );
}

const FIELDS: ReadonlyArray<{ name: Exclude<keyof GateForm, 'enabled'>; label: string; says: string; wrong: string }> = [
  { name: 'minDecisions', label: 'Decisions replayed, at least', says: 'A replay of fewer shows too little.', wrong: 'A whole number' },
  { name: 'maxChangedPercent', label: 'Decisions that come out otherwise, at most (%)', says: 'Empty: no limit.', wrong: 'A number from 0 to 100, or empty' },
  { name: 'maxNewlyDeniedRuns', label: 'Runs that would be denied, at most', says: 'Empty: no limit.', wrong: 'A whole number, or empty' },
  { name: 'maxExtraMinutes', label: 'Person-minutes of further approvals, at most', says: 'Empty: no limit.', wrong: 'A number, or empty' },
  { name: 'maxReplayAgeHours', label: 'Age of the replay, at most (hours)', says: 'An older one is refused.', wrong: 'Hours, from a minute (0.017) to a year (8760)' },
];

function Form({ read, onClose }: { read: GateAsRead; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [form, setForm] = useState(() => formOf(read.gate));
  const [tried, setTried] = useState(false);
  const parsed = limitsOf(form);
  const wrong = 'wrong' in parsed ? parsed.wrong : [];
  const save = useMutation({
    mutationFn: async () => {
      if ('wrong' in parsed) return null;
      return dataOf(api.PUT('/api/v1/policy-gates/{environment_id}', { params: { path: { environment_id: read.gate.environment_id }, header: read.etag === null ? {} : { 'if-match': read.etag } }, body: parsed.limits }));
    },
    onSuccess: (gate) => {
      if (gate === null) return;
      toastDone(gate.enabled ? `The gate of ${gate.environment} holds from now on` : `${gate.environment} has no gate from now on`, null);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['policy'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (wrong.length === 0 && !save.isPending) save.mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Switch label="Releases that bind need a replay" description="A release over these limits is held back until another person releases it all the same. A rollback passes no gate." checked={form.enabled} onChange={(event) => setForm({ ...form, enabled: event.currentTarget.checked })} />
        {FIELDS.map(({ name, label, says, wrong: why }) => (
          <TextInput key={name} label={label} description={says} inputMode="decimal" value={form[name]} error={tried && wrong.includes(name) ? why : undefined} onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })} />
        ))}
        {save.error === null ? null : <ProblemView error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Keep it as it is</Button>
          <Button type="submit" loading={save.isPending}>Set the gate</Button>
        </Group>
      </Stack>
    </form>
  );
}
