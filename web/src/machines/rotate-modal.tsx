import { NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { OVERLAPS } from './lifetimes.ts';

interface Props<Made> {
  name: string;
  /** What the server makes anew. */
  what: 'key' | 'secret';
  act: (overlap_s: number) => Promise<Made>;
  touches: readonly string[];
  onClose: () => void;
  onMade: (made: Made) => void;
}

/** A new key or secret in the place of one; both work for a while, so that nothing that uses it stands still. */
export function RotateModal<Made>({ name, what, act, touches, onClose, onMade }: Props<Made>) {
  const [overlap_s, setOverlap] = useState('86400');
  const rotate = useAct({
    act: () => act(Number(overlap_s)),
    says: () => null,
    touches,
    onDone: (made) => {
      onMade(made);
      onClose();
    },
  });
  return (
    <FormModal title={`Rotate ${name}`} confirm="Make the new one" pending={rotate.isPending} error={rotate.error} onClose={onClose} onSubmit={() => rotate.mutate(undefined)}>
      <Text size="sm">A new {what} with the same permissions. Put it where the old one is before that ends.</Text>
      <NativeSelect label="The old one goes on working for" data={OVERLAPS} value={overlap_s} onChange={(event) => setOverlap(event.currentTarget.value)} />
    </FormModal>
  );
}
