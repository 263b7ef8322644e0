import { Anchor, Button, Group, Modal, NativeSelect, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { toastDone } from '../parts/toast.tsx';
import { ReplayChoice } from './replay-choice.tsx';
import { bodyOf, targetsOf, type ReleaseWish } from './release-wish.ts';

type Mode = Schemas['PolicyMode'];

interface Props {
  overview: Schemas['PolicyOverview'];
  wish: ReleaseWish;
  /** Where it goes first, unless another is chosen. */
  environmentId?: string;
  mode?: Mode;
  replayId?: string;
  onClose: () => void;
}

/** Puts policy in force in an environment (or beside what is, in shadow), with the reason that is kept with it. */
export function ReleaseModal({ overview, wish, environmentId: first, mode: begun = 'enforce', replayId: given = '', onClose }: Props) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const targets = targetsOf(wish, overview.environments);
  const [environmentId, setEnvironmentId] = useState(first ?? targets[0]?.environment_id ?? '');
  const [mode, setMode] = useState<Mode>(begun);
  const [replayId, setReplayId] = useState(given);
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const environment = targets.find(({ environment_id }) => environment_id === environmentId);
  const gated = environment?.gate.enabled === true && mode === 'enforce' && wish.kind !== 'rollback';
  const release = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/policy-releases', { body: bodyOf(wish, { environmentId, mode, replayId, reason }) })),
    onSuccess: ({ id, number, environment: name, mode: done }) => {
      toastDone(done === 'shadow' ? `Shadow release #${number} decides beside in ${name}` : `Release #${number} is in force in ${name}`, null);
      onClose();
      void navigate(`/policy/releases/${id}`);
    },
    // A release that the gate holds back is there, too.
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['policy'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (reason.trim() !== '' && !release.isPending) release.mutate();
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>{titleOf(wish)}</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Text size="sm">{EXPLAINED[wish.kind]}</Text>
          {wish.kind === 'release' ? <NativeSelect label="Environment" value={environmentId} onChange={(event) => setEnvironmentId(event.currentTarget.value)} data={targets.map((one) => ({ value: one.environment_id, label: one.environment }))} /> : null}
          {wish.kind === 'rollback' ? null : (
            <Radio.Group label="Mode" value={mode} onChange={(value) => setMode(value === 'shadow' ? 'shadow' : 'enforce')}>
              <Stack gap={6} mt={6}>
                <Radio value="enforce" label="Enforce" description="It decides from now on." />
                <Radio value="shadow" label="Shadow" description="It decides beside what is in force, is recorded, and never binds." />
              </Stack>
            </Radio.Group>
          )}
          {gated ? <ReplayChoice environment={environment} wish={wish} value={replayId} onChange={setReplayId} /> : null}
          <Textarea label="Reason" description="It is kept with the release, with your name." required autosize minRows={2} maxLength={2000} value={reason} error={tried && reason.trim() === '' ? 'Say why' : undefined} onChange={(event) => setReason(event.currentTarget.value)} />
          {release.error === null ? null : <Refused error={release.error} onClose={onClose} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Keep it as it is</Button>
            <Button type="submit" loading={release.isPending}>{mode === 'shadow' ? 'Release in shadow' : wish.kind === 'rollback' ? 'Roll back' : wish.kind === 'promote' ? 'Promote' : 'Release'}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const EXPLAINED: Record<ReleaseWish['kind'], string> = {
  release: 'It is compiled with the versions of the other layers that are in force there, signed under a higher sequence, and decides within moments.',
  promote: 'The tenant’s and the workspace’s versions of the environment before are put in force here; the layer of this environment stays as it is.',
  rollback: 'What was in force then is signed anew, under a higher sequence, so that no worker takes it for something old. A rollback passes no gate.',
};

function titleOf(wish: ReleaseWish): string {
  if (wish.kind === 'release') return `Release version ${wish.version} of ${wish.layer.kind} ${wish.layer.name}`;
  if (wish.kind === 'promote') return `Promote to ${wish.environment.environment}`;
  return `Roll ${wish.environment.environment} back to ${wish.to === null ? 'what is shipped' : `release #${wish.to.number}`}`;
}

function Refused({ error, onClose }: { error: unknown; onClose: () => void }) {
  const blocked = error instanceof ApiError ? error.problem?.release_id : undefined;
  return (
    <div>
      <ProblemView error={error} />
      {blocked === undefined ? null : <Text size="sm" mt="xs">It is kept as blocked: <Anchor underline="always" component={Link} to={`/policy/releases/${blocked}`} onClick={onClose}>see the figures</Anchor>. Another person can release it all the same, with a reason.</Text>}
    </div>
  );
}
