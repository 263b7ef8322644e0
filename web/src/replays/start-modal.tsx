import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useNavigate } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReferenceChoice } from '../policy/reference-choice.tsx';
import { readReference } from '../policy/policy-reference.ts';
import { environmentOf, periodOf, SPANS } from './replay-wish.ts';

interface Props {
  overview: Schemas['PolicyOverview'];
  /** A reference as the address holds it; empty: none was chosen yet. */
  against: string;
  onClose: () => void;
}

/** Asks a policy every question of a period. */
export function StartModal({ overview, against: begun, onClose }: Props) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [against, setAgainst] = useState(begun);
  const reference = readReference(against);
  const [picked, setPicked] = useState<string | null>(null);
  const environmentId = picked ?? environmentOf(reference, overview.environments);
  const [days, setDays] = useState('7');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const start = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/policy-replays', { body: { against: reference ?? {}, environment_id: environmentId, ...periodOf(days, Date.now()), ...(reason.trim().length < 3 ? {} : { reason: reason.trim() }) } })),
    onSuccess: ({ id }) => {
      void queryClient.invalidateQueries({ queryKey: ['policy', 'replays'] });
      void navigate(`/policy/replays/${id}`);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (reference !== null && !start.isPending) start.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Start an impact replay</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <ReferenceChoice label="Policy that is asked" value={against} onChange={setAgainst} />
          {tried && reference === null ? <Text size="sm" style={{ color: 'var(--cs-bad)' }} role="alert">Choose the policy that is asked.</Text> : null}
          <NativeSelect label="Decisions that are asked again" description="Those of this environment" value={environmentId} onChange={(event) => setPicked(event.currentTarget.value)} data={overview.environments.map((one) => ({ value: one.environment_id, label: one.environment }))} />
          <NativeSelect label="Of the last" value={days} onChange={(event) => setDays(event.currentTarget.value)} data={SPANS} />
          <TextInput label="Reason" description="Optional. It stands in the list." maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          {start.error === null ? null : <ProblemView error={start.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Not now</Button>
            <Button type="submit" loading={start.isPending}>Start</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
