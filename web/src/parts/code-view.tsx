import { useComputedColorScheme } from '@mantine/core';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import CodeMirror, { EditorView, type Extension } from '@uiw/react-codemirror';
import { codeHighlighting } from './code-highlighting.ts';

const LANGUAGES = { json: json(), yaml: yaml() };

const LOOK = EditorView.theme({
  '&': { fontSize: '12.5px', backgroundColor: 'transparent', color: 'var(--mantine-color-text)' },
  '&.cm-focused': { outline: '2px solid var(--cs-accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.6' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--mantine-color-dimmed)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
});

interface Props {
  text: string;
  language: keyof typeof LANGUAGES;
  /** What the text is, for who cannot see it. */
  label: string;
  maxHeight?: string;
  extensions?: Extension[];
}

/** Source text to read, search (Ctrl-F) and copy; never to edit. */
export function CodeView({ text, language, label, maxHeight, extensions = [] }: Props) {
  const scheme = useComputedColorScheme('light');
  return (
    <CodeMirror
      value={text}
      readOnly
      theme="none"
      maxHeight={maxHeight}
      basicSetup={{ highlightActiveLine: false, highlightActiveLineGutter: false, syntaxHighlighting: false, autocompletion: false, searchKeymap: true }}
      extensions={[LANGUAGES[language], LOOK, codeHighlighting(scheme), EditorView.lineWrapping, EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }), ...extensions]}
    />
  );
}
