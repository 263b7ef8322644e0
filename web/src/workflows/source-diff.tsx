import { unifiedMergeView } from '@codemirror/merge';
import { useMemo } from 'react';
import { CodeView } from '../parts/code-view.tsx';

/** Two sources in one view: lines that went and lines that came. */
export function SourceDiff({ before, after }: { before: string; after: string }) {
  const extensions = useMemo(() => [unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 4 } })], [before]);
  if (before === after) return <p style={{ padding: '0 16px' }}>The two sources are the same, byte for byte.</p>;
  return <CodeView key={before} text={after} language="yaml" label="What changed in the source" extensions={extensions} />;
}
