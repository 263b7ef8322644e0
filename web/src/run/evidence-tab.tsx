import { Button, Code, CopyButton, Group, List, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import type { Run } from '../api/client.ts';
import { formatBytes } from '../format/money.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { mayDownloadEvidence } from '../states/run-actions.ts';
import { evidenceUrl } from './run-actions.tsx';

/** As in contracts/evidence/bundle.ts, in words. */
const HOLDS = [
  'statement.dsse.json: an in-toto statement in a DSSE envelope over every other file, signed with the evidence key',
  'run.json, steps.json, workflow.yaml: what ran, each attempt, and the source that was published under that digest',
  'decisions.json: every policy decision with its outcome, reasons, bundle and input digest',
  'approvals.json: what was asked, who voted, how strongly they were signed in, and by which digest',
  'actions.json, tool-calls.json: the canonical actions byte for byte, intents, outcomes and receipts',
  'transcript.json: what was read, proposed and written, redacted to field names, digests and labels',
  'costs.json: the cost lines with the prices they rest on',
  'events/, proofs.json, checkpoint.txt, keys.json: each audit event, the proof that it is in the tree that the checkpoint signs, and the public keys',
  'index.html: the same record as a page that needs no tool',
];

export function EvidenceTab({ run }: { run: Run }) {
  const file = `evidence-${run.id}.zip`;
  const command = `countersign evidence verify ${file}`;
  const permission = mayDownloadEvidence(run);
  return (
    <section className="panel" aria-label="Evidence">
      <header>
        <Title order={2}>Evidence bundle</Title>
        <ReasonButton permission={permission} leftSection={<IconDownload size={16} aria-hidden />} href={evidenceUrl(run.id)} download={file}>Download</ReasonButton>
      </header>
      {run.evidence === null ? <Text p="md">{permission.allowed ? null : permission.because}</Text> : (
        <Facts
          facts={[
            { name: 'Evidence', value: <CopyId id={run.evidence.id} what="evidence id" /> },
            { name: 'SHA-256 of the file', value: <CopyId id={run.evidence.sha256} what="SHA-256" /> },
            { name: 'Size', value: formatBytes(run.evidence.size_bytes) },
            { name: 'Built', value: <TimeAgo at={run.evidence.built_at} /> },
          ]}
        />
      )}
      <Stack gap="md" p="md">
        <div>
          <Title order={3} mb={6}>Check it without this server</Title>
          <Group gap="xs" align="stretch">
            <Code block style={{ flex: '1 1 320px' }}>{command}</Code>
            <CopyButton value={command}>
              {({ copied, copy }) => <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}>{copied ? 'Copied' : 'Copy'}</Button>}
            </CopyButton>
          </Group>
          <Text size="sm" c="dimmed" mt={6}>The verifier needs the file and nothing else. It says in words what the bundle proves and what it does not, and names the file in which one byte was changed.</Text>
        </div>
        <div>
          <Title order={3} mb={6}>What it holds</Title>
          <List size="sm" spacing={4}>{HOLDS.map((line) => <List.Item key={line}>{line}</List.Item>)}</List>
        </div>
      </Stack>
    </section>
  );
}
