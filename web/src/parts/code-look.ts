import { EditorView } from '@codemirror/view';

/** How source text looks, to read and to edit; every colour is a variable of the theme, so that the scheme can change under it. */
export const CODE_LOOK = EditorView.theme({
  '&': { fontSize: '12.5px', backgroundColor: 'transparent', color: 'var(--mantine-color-text)' },
  '&.cm-focused': { outline: '2px solid var(--cs-accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.6', fontFeatureSettings: "'calt' 0" },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--mantine-color-dimmed)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-tooltip': { backgroundColor: 'var(--cs-surface)', color: 'var(--mantine-color-text)', border: '1px solid var(--cs-line-strong)', borderRadius: '5px', maxWidth: '520px' },
  '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--cs-added)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--cs-removed)' },
  '.cm-changedText, .cm-deletedText, .cm-deletedChunk .cm-deletedText': { background: 'none', textDecoration: 'underline', textDecorationThickness: '2px' },
  '.cm-collapsedLines': { color: 'var(--mantine-color-dimmed)', background: 'var(--cs-sunken)' },
  '.cm-collapsedLines::before, .cm-collapsedLines::after': { content: '"…"' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { background: 'var(--cs-accent-soft)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--cs-accent-soft)', outline: '1px solid var(--cs-line-strong)' },
  '.cm-panels': { backgroundColor: 'var(--cs-sunken)', color: 'var(--mantine-color-text)' },
});
