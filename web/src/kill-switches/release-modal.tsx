import { ActionIcon, Button, Group, Modal, Radio, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { toastDone } from '../parts/toast.tsx';
import { nameOf } from './kill-switch-name.ts';
import { FIRST_STAGES, MOST_STAGES, stagesOf, type StageDraft } from './recovery-stages.ts';

const REASON_MIN_LENGTH = 3;

/** Lets something go on: at once, or a growing share of its runs, each for its time. */
export function ReleaseModal({ killSwitch, onClose }: { killSwitch: Schemas['KillSwitch']; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [inStages, setInStages] = useState(false);
  const [drafts, setDrafts] = useState<readonly StageDraft[]>(FIRST_STAGES);
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const checked = inStages ? stagesOf(drafts) : null;
  const missing = reason.trim().length < REASON_MIN_LENGTH;
  const release = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/kill-switches/{kill_switch_id}/release', {
      params: { path: { kill_switch_id: killSwitch.id } },
      body: { reason: reason.trim(), ...(checked !== null && 'stages' in checked ? { recovery: checked.stages } : {}) },
    })),
    onSuccess: () => {
      toastDone(inStages ? `${nameOf(killSwitch)} goes on in stages` : `${nameOf(killSwitch)} goes on`, null);
      onClose();
    },
    onSettled: () => Promise.all([['kill-switches'], ['approvals'], ['approval']].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!missing && (checked === null || 'stages' in checked) && !release.isPending) release.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Let {nameOf(killSwitch)} go on</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Text size="sm">Steps that it held go on by themselves, and clocks of approvals with what was left of them.</Text>
          <Radio.Group label="How" value={inStages ? 'stages' : 'once'} onChange={(value) => setInStages(value === 'stages')}>
            <Stack gap={6} mt={6}>
              <Radio value="once" label="At once" description="Every run goes on" />
              <Radio value="stages" label="In stages" description="A growing share of the runs; which ones is decided by their ids, so that one that was let go stays so" />
            </Stack>
          </Radio.Group>
          {inStages ? <Stages drafts={drafts} onChange={setDrafts} problem={tried && checked !== null && 'problem' in checked ? checked.problem : null} /> : null}
          <Textarea label="Reason" description="It is stored in the audit with your name." required data-autofocus autosize minRows={2} maxLength={500} value={reason} error={tried && missing ? `Write at least ${REASON_MIN_LENGTH} letters` : undefined} onChange={(event) => setReason(event.currentTarget.value)} />
          {release.error === null ? null : <ProblemView error={release.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Keep it stopped</Button>
            <Button type="submit" loading={release.isPending}>Let it go on</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface StagesProps {
  drafts: readonly StageDraft[];
  onChange: (drafts: readonly StageDraft[]) => void;
  problem: string | null;
}

function Stages({ drafts, onChange, problem }: StagesProps) {
  const change = (place: number, parts: Partial<StageDraft>): void => onChange(drafts.map((draft, nth) => (nth === place ? { ...draft, ...parts } : draft)));
  return (
    <Stack gap={6}>
      {drafts.map((draft, place) => (
        <Group key={place} gap="xs" wrap="nowrap" align="center">
          <TextInput size="xs" w={76} inputMode="decimal" aria-label={`Stage ${place + 1}: percent of the runs`} value={draft.percent} onChange={(event) => change(place, { percent: event.currentTarget.value.trim() })} />
          <Text size="sm">% of the runs for</Text>
          <TextInput size="xs" w={76} inputMode="decimal" aria-label={`Stage ${place + 1}: minutes`} value={draft.minutes} onChange={(event) => change(place, { minutes: event.currentTarget.value.trim() })} />
          <Text size="sm">minutes</Text>
          <ActionIcon ml="auto" variant="subtle" color="gray" aria-label={`Remove stage ${place + 1}`} onClick={() => onChange(drafts.filter((_draft, nth) => nth !== place))}><IconTrash size={15} aria-hidden /></ActionIcon>
        </Group>
      ))}
      <Text size="sm" c="dimmed">Then all of them.</Text>
      {problem === null ? null : <Text size="sm" c="var(--cs-bad)" role="alert">{problem}</Text>}
      <div><Button size="xs" variant="default" disabled={drafts.length >= MOST_STAGES} onClick={() => onChange([...drafts, { percent: '', minutes: '10' }])}>{drafts.length >= MOST_STAGES ? `At most ${MOST_STAGES} stages` : 'Add a stage'}</Button></div>
    </Stack>
  );
}
