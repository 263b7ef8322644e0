import { Button, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { IconCheck, IconClockHour4, IconCopy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { checkpointsQuery, inclusionQuery } from '../api/audit-queries.ts';
import type { Schemas } from '../api/client.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { Empty, Facts } from '../parts/page.tsx';
import { coveringCheckpoint } from './covering-checkpoint.ts';
import { computeInclusion } from './inclusion.ts';

type Sealed = Schemas['SealedEvent'];
type Checkpoint = Schemas['Checkpoint'];

/** Shows that an event is in the tree that a checkpoint signs. The browser computes it: the server gives the path only. */
export function ProofModal({ sealed, onClose }: { sealed: Sealed; onClose: () => void }) {
  const checkpoints = useQuery(checkpointsQuery(null));
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>Proof of event {sealed.seq}</Text>}>
      <Stack gap="md">
        <AsyncView query={checkpoints} what="checkpoints" skeletonRows={3}>
          {({ items }) => {
            const checkpoint = coveringCheckpoint(items, sealed.seq);
            return checkpoint === null
              ? <Empty icon={IconClockHour4} title="No checkpoint signs it yet">The next one does: at the latest a minute after the event.</Empty>
              : <Proof sealed={sealed} checkpoint={checkpoint} />;
          }}
        </AsyncView>
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Close</Button></Group>
      </Stack>
    </Modal>
  );
}

function Proof({ sealed, checkpoint }: { sealed: Sealed; checkpoint: Checkpoint }) {
  const proof = useQuery(inclusionQuery(sealed.seq, checkpoint.size));
  return <AsyncView query={proof} what="the proof" skeletonRows={3}>{(found) => <Found sealed={sealed} checkpoint={checkpoint} proof={found} />}</AsyncView>;
}

function Found({ sealed, checkpoint, proof }: { sealed: Sealed; checkpoint: Checkpoint; proof: Schemas['InclusionProof'] }) {
  const computed = useQuery({ queryKey: ['inclusion-computed', sealed.hash, checkpoint.size], queryFn: () => computeInclusion(sealed, proof), staleTime: Infinity, retry: false });
  const file = JSON.stringify({ event: sealed, checkpoint: checkpoint.note, proof }, null, 2);
  return (
    <Stack gap="sm">
      <AsyncView query={computed} what="the hashes" skeletonRows={1}>{(result) => <Verdict holds={result !== null && result.hash === sealed.hash && result.root === checkpoint.root} />}</AsyncView>
      <Facts
        facts={[
          { name: 'Signed in checkpoint', value: <>{checkpoint.number}, of {checkpoint.size.toLocaleString('en')} events, <TimeAgo at={checkpoint.signed_at} /></> },
          { name: 'Key', value: <CopyId id={checkpoint.kid} what="key id" /> },
          { name: 'Countersigned by', value: checkpoint.cosignatures.map(({ name }) => name).join(', ') || 'nobody' },
          { name: 'Place in the tree', value: `${proof.leaf_index.toLocaleString('en')} of ${proof.tree_size.toLocaleString('en')}, counted from 0` },
          { name: 'Root that is signed', value: checkpoint.root === null ? 'none' : <CopyId id={checkpoint.root} what="root of the tree" /> },
          ...(computed.data == null ? [] : [{ name: 'Hash of the leaf', value: <CopyId id={computed.data.leaf} what="hash of the leaf" /> }]),
          { name: 'Hashes on the way', value: proof.hashes.length === 0 ? 'none: it is the only one' : <ol style={{ margin: 0, paddingLeft: 20 }}>{proof.hashes.map((one, place) => <li key={`${place} ${one}`}><CopyId id={one} what={`hash ${place + 1} on the way`} /></li>)}</ol> },
        ]}
      />
      <Group gap="sm">
        <CopyButton value={file}>
          {({ copied, copy }) => <Button size="xs" variant="default" onClick={copy} leftSection={copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}>{copied ? 'Copied' : 'Copy event, checkpoint and path'}</Button>}
        </CopyButton>
        <Text size="xs" c="dimmed">That the key is the tenant’s own, and who countersigned, is verified elsewhere: export the chain, and <code>countersign audit verify</code>.</Text>
      </Group>
    </Stack>
  );
}

function Verdict({ holds }: { holds: boolean }) {
  return holds
    ? <Text size="sm" fw={600} c="var(--cs-ok)" role="status">Your browser hashed the event anew and followed its path: it leads to the root that the checkpoint signs.</Text>
    : <Notice tone="bad" title="It does not lead to the root that the checkpoint signs">Your browser hashed the event anew. Either the event or the path is not the one that was sealed. Verify the whole chain, and tell whoever operates this cell.</Notice>;
}
