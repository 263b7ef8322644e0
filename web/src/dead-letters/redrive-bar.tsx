import { Anchor, Text } from '@mantine/core';
import { IconRepeat } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { newIdempotencyKey } from '../api/idempotency-key.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { toastDone } from '../parts/toast.tsx';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { queryOf, type DeadLetterFilter } from './dead-letter-filter.ts';
import { isSelected, NOTHING, selectionInWords, type Selection } from './selection.ts';
import classes from './dead-letters.module.css';

/** As the contract has it. */
const MOST_IDS = 1_000;

interface Props {
  filter: DeadLetterFilter;
  items: ReadonlyArray<Schemas['DeadLetter']>;
  selection: Selection;
  /** Whether there are others that fit, on other pages. */
  hasMore: boolean;
  onSelect: (selection: Selection) => void;
  onJob: (id: string) => void;
}

/** What is selected, how to select all that fit, and the redrive of it. */
export function RedriveBar({ filter, items, selection, hasMore, onSelect, onJob }: Props) {
  const { data: me } = useQuery(meQuery);
  const [asking, setAsking] = useState(false);
  const count = selection.kind === 'all' ? Infinity : selection.ids.size;
  const permission = allOf(
    mayCall('redriveDeadLetters', me, 'Redriving'),
    given(count > 0, 'Select what is to be tried again first.'),
    given(selection.kind === 'all' || count <= MOST_IDS, `At most ${MOST_IDS} can be selected one by one. Select all that fit the filter instead.`),
  );
  const wholePage = items.every(({ id }) => isSelected(selection, id));
  return (
    <div className={`panel ${classes.bar}`} role="group" aria-label="Selected">
      <Text size="sm" role="status">{count === 0 ? 'Nothing is selected' : `Selected: ${selectionInWords(selection)}`}</Text>
      {hasMore && wholePage && selection.kind === 'some' ? <Anchor component="button" type="button" size="sm" underline="always" onClick={() => onSelect({ kind: 'all' })}>Select all that fit the filter</Anchor> : null}
      {count === 0 ? null : <Anchor component="button" type="button" size="sm" underline="always" onClick={() => onSelect(NOTHING)}>Select nothing</Anchor>}
      <ReasonButton ml="auto" size="xs" permission={permission} leftSection={<IconRepeat size={15} aria-hidden />} onClick={() => setAsking(true)}>Redrive</ReasonButton>
      {asking ? <Ask filter={filter} selection={selection} onClose={() => setAsking(false)} onJob={(id) => { setAsking(false); onSelect(NOTHING); onJob(id); }} /> : null}
    </div>
  );
}

function Ask({ filter, selection, onClose, onJob }: Pick<Props, 'filter' | 'selection' | 'onJob'> & { onClose: () => void }) {
  const queryClient = useQueryClient();
  // One key for as long as the question is open: asked twice it is one job.
  const [key] = useState(newIdempotencyKey);
  const redrive = useMutation({
    mutationFn: (reason: string) => dataOf(api.POST('/api/v1/dead-letters/redrive', {
      params: { header: { 'idempotency-key': key } },
      body: { reason, ...(selection.kind === 'all' ? { filter: queryOf(filter) } : { ids: [...selection.ids] }) },
    })),
    onSuccess: (job) => {
      queryClient.setQueryData(['bulk-command', job.id], job);
      toastDone(`${countOf(job.total, 'step is', 'steps are')} tried again`, null);
      onJob(job.id);
    },
    onSettled: () => Promise.all([['dead-letters'], ['bulk-commands']].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
  return (
    <ReasonModal
      title={`Redrive ${selectionInWords(selection)}`}
      explanation="Each run goes on from the step that failed, with all its attempts and the same idempotency keys. A write of unknown outcome is first looked up in the system of record, so that nothing is written twice."
      confirm="Try again"
      minLength={3}
      maxLength={500}
      pending={redrive.isPending}
      error={redrive.error}
      onClose={onClose}
      onConfirm={(reason) => redrive.mutate(reason)}
    />
  );
}
