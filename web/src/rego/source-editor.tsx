import { json } from '@codemirror/lang-json';
import { indentUnit } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec, type Extension } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { basicSetup } from '@uiw/react-codemirror';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { codeHighlighting } from '../parts/code-highlighting.ts';
import { CODE_LOOK } from '../parts/code-look.ts';
import { coverageGutter, showCoverage, type FileCoverage } from './coverage-gutter.ts';
import { inputCompletions } from './input-completions.ts';
import { rego } from './rego-language.ts';
import { diagnosticsOf, rangeOf, type SourceProblem } from './source-problems.ts';

/** A place to go to; a new object each time it is asked for, also for the same place. */
export interface SourcePlace {
  line: number;
  column: number;
}

interface Props {
  /** Which file this is: each keeps its own history and cursor while others are looked at. */
  path: string;
  text: string;
  language: 'rego' | 'json';
  label: string;
  readOnly: boolean;
  problems: readonly SourceProblem[];
  coverage: FileCoverage | null;
  place: SourcePlace | null;
  onChange: (text: string) => void;
  /** Ctrl-Enter, Cmd-Enter. */
  onCheck: () => void;
}

const LANGUAGES: Record<Props['language'], Extension> = { rego: [rego, inputCompletions, indentUnit.of('\t'), EditorState.tabSize.of(4)], json: [json(), indentUnit.of('  ')] };

/** An editor of one file at a time, with the compiler's problems in the text and the coverage beside it. Escape, then Tab, leads out of it. */
export function SourceEditor(props: Props) {
  const { path, text, problems, coverage, place } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useEditorView(host, props);

  useEffect(() => {
    if (view !== null && view.state.doc.toString() !== text) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  }, [view, path, text]);
  useEffect(() => {
    if (view !== null) view.dispatch(setDiagnostics(view.state, diagnosticsOf(problems, view.state.doc)));
  }, [view, path, problems]);
  useEffect(() => {
    if (view !== null) showCoverage(view, coverage);
  }, [view, path, coverage]);
  useEffect(() => {
    if (view === null || place === null) return;
    const { from } = rangeOf(place, view.state.doc);
    view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    view.focus();
  }, [view, path, place]);
  return <div ref={host} style={{ height: '100%' }} />;
}

/** One view, and a state for each file: made when the file is first shown, put back when it is shown again. */
function useEditorView(host: RefObject<HTMLDivElement | null>, props: Props): EditorView | null {
  const [view, setView] = useState<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const states = useRef(new Map<string, EditorState>());
  const shown = useRef(props.path);

  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new EditorView({ state: newState(latest), parent: host.current });
    shown.current = latest.current.path;
    setView(made);
    return () => {
      made.destroy();
      states.current.clear();
    };
  }, [host]);
  useEffect(() => {
    if (view === null || shown.current === props.path) return;
    states.current.set(shown.current, view.state);
    shown.current = props.path;
    view.setState(states.current.get(props.path) ?? newState(latest));
  }, [view, props.path]);
  return view;
}

function newState(latest: RefObject<Props>): EditorState {
  const { text, language, label, readOnly } = latest.current;
  return EditorState.create({
    doc: text,
    extensions: [
      Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => check(latest) }, { key: 'Ctrl-Enter', run: () => check(latest) }])),
      basicSetup({ syntaxHighlighting: false, highlightActiveLine: false, foldGutter: false }),
      LANGUAGES[language], lintGutter(), coverageGutter, CODE_LOOK, codeHighlighting,
      EditorState.readOnly.of(readOnly),
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', ...(readOnly ? { 'aria-readonly': 'true' } : {}) }),
      EditorView.theme({ '&': { height: '100%' } }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged && state.doc.toString() !== latest.current.text) latest.current.onChange(state.doc.toString());
      }),
    ],
  });
}

function check(latest: RefObject<Props>): boolean {
  latest.current.onCheck();
  return true;
}
