import { IconDownload, IconPlayerStop, IconRepeat } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Run } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { toastDone } from '../parts/toast.tsx';
import { mayCancel, mayDownloadEvidence, mayRedrive } from '../states/run-actions.ts';

const REASON = { minLength: 3, maxLength: 500 };

/** The address of a run's evidence. */
export function evidenceUrl(runId: string): string {
  return `/api/v1/runs/${encodeURIComponent(runId)}/evidence`;
}

/** What a person may do with a run. What is not possible now is shown too, and says why. */
export function RunActions({ run }: { run: Run }) {
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState<'cancel' | 'redrive' | null>(null);
  const roles = me?.roles ?? [];
  return (
    <>
      <ReasonButton variant="default" permission={mayRedrive(run, roles)} leftSection={<IconRepeat size={16} aria-hidden />} onClick={() => setAsking('redrive')}>Redrive</ReasonButton>
      <ReasonButton variant="default" permission={mayCancel(run, roles)} leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={() => setAsking('cancel')}>Cancel run</ReasonButton>
      <ReasonButton permission={mayDownloadEvidence(run)} leftSection={<IconDownload size={16} aria-hidden />} href={evidenceUrl(run.id)} download={`evidence-${run.id}.zip`}>Evidence</ReasonButton>
      {asking === null ? null : <Ask key={asking} act={asking} run={run} onClose={() => setAsking(null)} />}
    </>
  );
}

const WORDS = {
  cancel: { title: 'Cancel this run', confirm: 'Cancel the run', done: 'The run is being cancelled', explanation: 'Steps that have not begun will not begin. What was already sent to a system of record cannot be called back.' },
  redrive: { title: 'Redrive this run', confirm: 'Try again', done: 'The run goes on', explanation: 'Dead and failed steps are tried again. A write of unknown outcome is first looked up in the system of record, so that nothing is written twice.' },
};

function Ask({ act, run, onClose }: { act: 'cancel' | 'redrive'; run: Run; onClose: () => void }) {
  const queryClient = useQueryClient();
  const words = WORDS[act];
  const mutation = useMutation({
    mutationFn: (reason: string) => {
      const request = { params: { path: { run_id: run.id } }, body: { reason } };
      return dataOf(act === 'cancel' ? api.POST('/api/v1/runs/{run_id}/cancel', request) : api.POST('/api/v1/runs/{run_id}/redrive', request));
    },
    onSuccess: ({ request_id }) => {
      toastDone(words.done, request_id);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['run', run.id] }),
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
