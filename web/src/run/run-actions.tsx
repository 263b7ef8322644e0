import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconDownload, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRepeat, type Icon } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Run, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { toastDone } from '../parts/toast.tsx';
import { isPaused, mayAct, mayDownloadEvidence, type RunAct } from '../states/run-actions.ts';
import { NotStoppedList } from './not-stopped.tsx';

const REASON = { minLength: 3, maxLength: 500 };

/** The address of a run's evidence. */
export function evidenceUrl(runId: string): string {
  return `/api/v1/runs/${encodeURIComponent(runId)}/evidence`;
}

/** What a person may do with a run. What is not possible now is shown too, and says why. */
export function RunActions({ run }: { run: Run }) {
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState<RunAct | null>(null);
  const [notStopped, setNotStopped] = useState<Schemas['NotStopped'][]>([]);
  const acts: RunAct[] = [isPaused(run) ? 'resume' : 'pause', 'redrive', 'cancel'];
  return (
    <>
      {acts.map((act) => {
        const { icon: ActIcon, button } = WORDS[act];
        return <ReasonButton key={act} variant="default" permission={mayAct(act, run, me)} leftSection={<ActIcon size={16} aria-hidden />} onClick={() => setAsking(act)}>{button}</ReasonButton>;
      })}
      <ReasonButton permission={mayDownloadEvidence(run)} leftSection={<IconDownload size={16} aria-hidden />} href={evidenceUrl(run.id)} download={`evidence-${run.id}.zip`}>Evidence</ReasonButton>
      {asking === null ? null : <Ask key={asking} act={asking} run={run} onClose={() => setAsking(null)} onNotStopped={setNotStopped} />}
      {notStopped.length === 0 ? null : <StillUnderWay notStopped={notStopped} onClose={() => setNotStopped([])} />}
    </>
  );
}

interface ActWords {
  icon: Icon;
  button: string;
  title: string;
  confirm: string;
  done: string;
  explanation: string;
}

const WORDS: Record<RunAct, ActWords> = {
  pause: { icon: IconPlayerPause, button: 'Pause', title: 'Pause this run', confirm: 'Pause the run', done: 'The run is being paused', explanation: 'Nothing new begins in it until it is resumed. What is under way ends.' },
  resume: { icon: IconPlayerPlay, button: 'Resume', title: 'Resume this run', confirm: 'Let it go on', done: 'The run goes on', explanation: 'Steps that are due begin again.' },
  cancel: { icon: IconPlayerStop, button: 'Cancel run', title: 'Cancel this run', confirm: 'Cancel the run', done: 'The run is being cancelled', explanation: 'Steps that have not begun will not begin, and runs that it started are cancelled too. What was already sent to a system of record cannot be called back.' },
  redrive: { icon: IconRepeat, button: 'Redrive', title: 'Redrive this run', confirm: 'Try again', done: 'The run goes on', explanation: 'Dead and failed steps are tried again, under the idempotency keys that they had. A write of unknown outcome is first looked up in the system of record, so that nothing is written twice.' },
};

interface AskProps {
  act: RunAct;
  run: Run;
  onClose: () => void;
  onNotStopped: (notStopped: Schemas['NotStopped'][]) => void;
}

function Ask({ act, run, onClose, onNotStopped }: AskProps) {
  const queryClient = useQueryClient();
  const words = WORDS[act];
  const mutation = useMutation({
    mutationFn: (reason: string) => ask(act, run.id, reason),
    onSuccess: ({ request_id, not_stopped }) => {
      toastDone(words.done, request_id);
      onNotStopped(not_stopped);
      onClose();
    },
    onSettled: () => Promise.all([['run', run.id], ['timeline', run.id]].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
  return (
    <ReasonModal
      {...REASON}
      title={words.title}
      explanation={words.explanation}
      confirm={words.confirm}
      danger={act === 'cancel'}
      pending={mutation.isPending}
      error={mutation.error}
      onClose={onClose}
      onConfirm={(reason) => mutation.mutate(reason)}
    />
  );
}

async function ask(act: RunAct, runId: string, reason: string): Promise<{ request_id: string; not_stopped: Schemas['NotStopped'][] }> {
  const request = { params: { path: { run_id: runId } }, body: { reason } };
  switch (act) {
    case 'cancel': return dataOf(api.POST('/api/v1/runs/{run_id}/cancel', request));
    case 'redrive': return { ...await dataOf(api.POST('/api/v1/runs/{run_id}/redrive', request)), not_stopped: [] };
    case 'pause': return { ...await dataOf(api.POST('/api/v1/runs/{run_id}/pause', request)), not_stopped: [] };
    case 'resume': return { ...await dataOf(api.POST('/api/v1/runs/{run_id}/resume', request)), not_stopped: [] };
  }
}

/** What was under way when a cancellation was asked for: a person should know at once, and not only from the run afterwards. */
function StillUnderWay({ notStopped, onClose }: { notStopped: readonly Schemas['NotStopped'][]; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Under way, and not to be stopped</Text>}>
      <Stack gap="md">
        <Text size="sm">These end by themselves. What they have sent by then stays sent; look at the record where it matters.</Text>
        <NotStoppedList notStopped={notStopped} />
        <Group justify="flex-end"><Button data-autofocus onClick={onClose}>I have seen it</Button></Group>
      </Stack>
    </Modal>
  );
}
