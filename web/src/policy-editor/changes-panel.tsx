import { Text } from '@mantine/core';
import { SourceDiff } from '../parts/source-diff.tsx';
import { DATA_FILE, type FileChange } from './working-copy.ts';

/** What differs, file by file. */
export function ChangesPanel({ changes, against }: { changes: readonly FileChange[]; against: string }) {
  if (changes.length === 0) return <Text size="sm" c="dimmed" p="md">Nothing differs from {against}.</Text>;
  return (
    <div>
      <Text size="sm" c="dimmed" px="md" pt="sm">Against {against}</Text>
      {changes.map(({ path, before, after, kind }) => (
        <section key={path} aria-label={`${path}, ${kind}`}>
          <Text size="sm" px="md" pt="sm" pb={4}><code>{path}</code> <Text span c="dimmed" inherit>{kind}</Text></Text>
          <SourceDiff before={before} after={after} language={path === DATA_FILE ? 'json' : 'rego'} />
        </section>
      ))}
    </div>
  );
}
