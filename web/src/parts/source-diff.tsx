import { unifiedMergeView } from '@codemirror/merge';
import { useMemo } from 'react';
import { CodeView, type CodeLanguage } from './code-view.tsx';

/** Two sources in one view: lines that went and lines that came. */
export function SourceDiff({ before, after, language }: { before: string; after: string; language: CodeLanguage }) {
  const extensions = useMemo(() => [unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 4 } })], [before]);
  if (before === after) return <p style={{ padding: '0 16px' }}>The two sources are the same, byte for byte.</p>;
  // All of it is new, or all of it went: the text itself says it better than a mark on every line.
  if (before === '' || after === '') return <CodeView text={before === '' ? after : before} language={language} label={before === '' ? 'What was added' : 'What was removed'} />;
  return <CodeView key={before} text={after} language={language} label="What changed in the source" extensions={extensions} />;
}
