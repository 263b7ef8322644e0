import { api, dataOf } from '../api/client.ts';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import type { Agent } from './agent-looks.ts';

export type Move = 'drain' | 'resume' | 'revoke';

const MOVES: Record<Move, { readonly title: string; readonly explanation: string; readonly confirm: string; readonly done: string }> = {
  drain: { title: 'Drain an agent', explanation: 'It is given no more work, ends what it has, and delivers what it has to tell. The other agents of its pool go on.', confirm: 'Drain it', done: 'is draining' },
  resume: { title: 'Resume an agent', explanation: 'It is given work again. What it was alarmed about counts as looked at.', confirm: 'Resume it', done: 'works again' },
  revoke: {
    title: 'Revoke an agent', confirm: 'Revoke it', done: 'is trusted no more',
    explanation: 'Within a second it is refused, also on connections that are open, and it does not come back. What it delivered stays; what it ran and cannot tell any more is of unknown outcome, and somebody is asked about it.',
  },
};

/** Asks why, and does it. */
export function MoveModal({ agent: { id }, move, onClose }: { agent: Agent; move: Move; onClose: () => void }) {
  const { title, explanation, confirm, done } = MOVES[move];
  const act = useAct({
    act: (reason: string) => dataOf(api.POST(`/api/v1/agents/{agent_id}/${move}`, { params: { path: { agent_id: id } }, body: { reason } })),
    says: () => `${id} ${done}`,
    touches: ['agents', 'agent-pools'],
    onDone: onClose,
  });
  return <ReasonModal title={title} explanation={explanation} confirm={confirm} danger={move === 'revoke'} minLength={3} maxLength={500} pending={act.isPending} error={act.error} onClose={onClose} onConfirm={(reason) => act.mutate(reason)} />;
}
