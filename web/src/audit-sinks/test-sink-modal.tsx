import { Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';

type Found = Schemas['SinkTest'];

/** Sends a sink one event that is labelled as a test, and shows what became of it. */
export function TestSinkModal({ sink, onClose }: { sink: Schemas['Sink']; onClose: () => void }) {
  const test = useMutation({ mutationFn: () => dataOf(api.POST('/api/v1/audit/sinks/{sink_id}/test', { params: { path: { sink_id: sink.id } } })) });
  return (
    <FormModal title={`Test ${sink.name}`} confirm={test.data === undefined ? 'Send it' : 'Send another'} cancel="Close" pending={test.isPending} error={test.error} onClose={onClose} onSubmit={() => test.mutate()}>
      <Text size="sm">One event is sent, in the format of this sink and signed as every delivery. Its data say <code>is_test</code>: it is in no chain, and moves no position.</Text>
      {test.data === undefined ? null : <Result found={test.data} />}
    </FormModal>
  );
}

function Result({ found: { delivered, detail, took_ms } }: { found: Found }) {
  return delivered
    ? <Text size="sm" role="status" c="var(--cs-ok)" fw={600}>It took it, within {formatDuration(took_ms)}. {detail}</Text>
    : <div role="status"><Notice tone="bad" title="It did not take it">{detail} That was known after {formatDuration(took_ms)}.</Notice></div>;
}
