import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import CodeMirror, { EditorView, type Extension } from '@uiw/react-codemirror';
import { rego } from '../rego/rego-language.ts';
import { codeHighlighting } from './code-highlighting.ts';
import { CODE_LOOK } from './code-look.ts';

const LANGUAGES = { json: json(), yaml: yaml(), rego };

export type CodeLanguage = keyof typeof LANGUAGES;

interface Props {
  text: string;
  language: CodeLanguage;
  /** What the text is, for who cannot see it. */
  label: string;
  maxHeight?: string;
  extensions?: Extension[];
}

/** Source text to read, search (Ctrl-F) and copy; never to edit. */
export function CodeView({ text, language, label, maxHeight, extensions = [] }: Props) {
  return (
    <CodeMirror
      value={text}
      readOnly
      theme="none"
      maxHeight={maxHeight}
      basicSetup={{ highlightActiveLine: false, highlightActiveLineGutter: false, syntaxHighlighting: false, autocompletion: false, searchKeymap: true }}
      extensions={[LANGUAGES[language], CODE_LOOK, codeHighlighting, EditorView.lineWrapping, EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }), ...extensions]}
    />
  );
}
