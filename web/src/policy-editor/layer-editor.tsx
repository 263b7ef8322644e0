import { Loader } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import type { SourcePlace } from '../rego/source-editor.tsx';
import type { SourceProblem } from '../rego/source-problems.ts';
import { CheckPanel } from './check-panel.tsx';
import { errorsByFile, problemsOf, type CheckReport } from './check-report.ts';
import { FileList } from './file-list.tsx';
import { PacksChoice } from './packs-choice.tsx';
import type { LayerKind } from './starter.ts';
import { changesFrom, DATA_FILE, isTest, newFileText, pathsOf, putFile, removeFile, renameFile, type WorkingCopy } from './working-copy.ts';
import classes from './policy-editor.module.css';

// CodeMirror comes when an editor is first opened.
const SourceEditor = lazy(async () => ({ default: (await import('../rego/source-editor.tsx')).SourceEditor }));

interface Props {
  layer: LayerKind;
  copy: WorkingCopy;
  /** The version that changes are shown against, and its name in words. */
  base: WorkingCopy;
  against: string;
  knownPacks: ReadonlyArray<{ name: string; description?: string | undefined }>;
  readOnly: boolean;
  report: CheckReport | null;
  onChange: (copy: WorkingCopy) => void;
  onCheck: () => void;
}

/** The files of a layer to write in, and beneath them what the last check found. */
export function LayerEditor({ layer, copy, base, against, knownPacks, readOnly, report, onChange, onCheck }: Props) {
  const [wanted, setWanted] = useState('');
  const [place, setPlace] = useState<SourcePlace | null>(null);
  const selected = wanted === DATA_FILE || wanted in copy.files ? wanted : pathsOf(copy)[0] ?? DATA_FILE;
  const problems = useMemo(() => (report === null ? [] : problemsOf(report)), [report]);
  const shown = useMemo(() => problems.filter(({ file }) => file === selected), [problems, selected]);
  const errors = useMemo(() => errorsByFile(problems), [problems]);
  const changes = useMemo(() => changesFrom(base, copy), [base, copy]);
  const changed = useMemo(() => new Set(changes.map(({ path }) => path)), [changes]);
  const text = selected === DATA_FILE ? copy.data : copy.files[selected] ?? '';

  const select = (path: string): void => {
    setWanted(path);
    setPlace(null);
  };
  const go = ({ file, line, column }: SourceProblem): void => {
    setWanted(file);
    setPlace({ line, column });
  };
  return (
    <section className={`panel ${classes.frame}`} aria-label="Sources of the layer">
      <div className={classes.side}>
        <FileList
          copy={copy}
          selected={selected}
          errors={errors}
          changed={changed}
          readOnly={readOnly}
          onSelect={select}
          onAdd={(name) => {
            onChange(putFile(copy, name, newFileText(layer, name)));
            select(name);
          }}
          onRename={(path, name) => {
            onChange(renameFile(copy, path, name));
            select(name);
          }}
          onRemove={(path) => onChange(removeFile(copy, path))}
        />
        {copy.packs === null ? null : <PacksChoice known={knownPacks} chosen={copy.packs} readOnly={readOnly} onChange={(packs) => onChange({ ...copy, packs })} />}
      </div>
      <div className={classes.editor}>
        <Suspense fallback={<Loader size="sm" m="md" />}>
          <SourceEditor
            path={selected}
            text={text}
            language={selected === DATA_FILE ? 'json' : 'rego'}
            label={`${selected}${isTest(selected) ? ', a test' : ''}. Ctrl and Enter checks; Escape, then Tab, leaves the editor`}
            readOnly={readOnly}
            problems={shown}
            coverage={report?.coverage?.files[selected] ?? null}
            place={place}
            onChange={(next) => onChange(selected === DATA_FILE ? { ...copy, data: next } : putFile(copy, selected, next))}
            onCheck={onCheck}
          />
        </Suspense>
      </div>
      <div className={classes.foot}><CheckPanel report={report} changes={changes} against={against} isOwn={(path) => path === DATA_FILE || path in copy.files} onGo={go} /></div>
    </section>
  );
}
