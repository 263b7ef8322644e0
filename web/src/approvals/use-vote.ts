import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, dataOf, type Approval, type Schemas } from '../api/client.ts';
import { toastDone } from '../parts/toast.tsx';

interface VoteWish {
  decision: Schemas['NewVote']['decision'];
  reason?: string;
}

/** Casts a vote on exactly `shownDigest`. Whatever comes of it, the approval is read again. */
export function useVote(approval: Approval, shownDigest: string, onCounted: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ decision, reason }: VoteWish) => dataOf(api.POST('/api/v1/approvals/{approval_id}/votes', {
      params: { path: { approval_id: approval.id } },
      body: { decision, action_digest: shownDigest, ...(reason === undefined ? {} : { reason }) },
    })),
    onSuccess: ({ approval: after, request_id }, { decision }) => {
      const label = after.subject ?? after.action;
      const missing = after.required_votes - after.votes.filter((vote) => vote.decision === 'approve').length;
      const title = decision === 'happened' || decision === 'did_not_happen' ? `Answered: ${label} ${decision === 'happened' ? 'happened' : 'did not happen'}`
        : decision === 'reject' ? `Rejected: ${label}` : after.state === 'pending' ? `Your vote counts: ${label} needs ${missing} more` : `Approved: ${label}`;
      toastDone(title, request_id);
      queryClient.setQueryData(['approval', after.id], after);
      onCounted();
    },
    onSettled: () => Promise.all([['approvals'], ['approval', approval.id], ['run', approval.run_id], ['runs']].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
}
