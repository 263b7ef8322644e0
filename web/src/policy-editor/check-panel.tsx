import { Tabs, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { formatMicros } from '../format/time.ts';
import { stretchesInWords } from '../rego/coverage-gutter.ts';
import type { SourceProblem } from '../rego/source-problems.ts';
import { problemsOf, untestedFiles, type CheckReport } from './check-report.ts';
import { ChangesPanel } from './changes-panel.tsx';
import type { FileChange } from './working-copy.ts';
import classes from './policy-editor.module.css';

interface Props {
  report: CheckReport | null;
  changes: readonly FileChange[];
  /** What `changes` are against, in words. */
  against: string;
  /** Whether a file is one of this layer, so that one can go to it. */
  isOwn: (path: string) => boolean;
  onGo: (problem: SourceProblem) => void;
}

/** What the last check found: problems, tests, coverage; and what would change against the version that there is. */
export function CheckPanel({ report, changes, against, isOwn, onGo }: Props) {
  const problems = report === null ? [] : problemsOf(report);
  const failed = report?.tests.filter(({ passed }) => !passed).length ?? 0;
  return (
    <Tabs defaultValue="problems" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="problems">Problems{report === null ? '' : ` ${problems.length}`}</Tabs.Tab>
        <Tabs.Tab value="tests">Tests{report === null ? '' : ` ${report.tests.length - failed}/${report.tests.length}`}</Tabs.Tab>
        <Tabs.Tab value="coverage">Coverage{report?.coverage == null ? '' : ` ${formatPercent(report.coverage.percent)}`}</Tabs.Tab>
        <Tabs.Tab value="changes">Changes {changes.length}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="problems">{report === null ? <NotChecked /> : <Problems problems={problems} isOwn={isOwn} onGo={onGo} />}</Tabs.Panel>
      <Tabs.Panel value="tests">{report === null ? <NotChecked /> : <Tests tests={report.tests} />}</Tabs.Panel>
      <Tabs.Panel value="coverage">{report === null ? <NotChecked /> : <Coverage report={report} />}</Tabs.Panel>
      <Tabs.Panel value="changes"><ChangesPanel changes={changes} against={against} /></Tabs.Panel>
    </Tabs>
  );
}

function NotChecked() {
  return <Text size="sm" c="dimmed" p="md">Not checked yet. Check it by the button above, or by Ctrl and Enter in the editor.</Text>;
}

function Problems({ problems, isOwn, onGo }: { problems: readonly SourceProblem[] } & Pick<Props, 'isOwn' | 'onGo'>) {
  if (problems.length === 0) return <Text size="sm" p="md"><IconCircleCheck size={15} color="var(--cs-ok)" style={{ verticalAlign: '-2px' }} aria-hidden /> No problem was found.</Text>;
  return (
    <ul className={classes.found} aria-label="Problems">
      {problems.map((problem) => (
        <li key={`${problem.file} ${problem.line} ${problem.column} ${problem.code} ${problem.message}`}>
          <button type="button" disabled={!isOwn(problem.file)} onClick={() => onGo(problem)}>
            {problem.severity === 'error' ? <IconCircleX size={15} data-tone="bad" aria-label="Error" /> : <IconAlertTriangle size={15} data-tone="wait" aria-label="Warning" />}
            <span>
              {problem.message} <Text span size="xs" c="dimmed" className="mono">{problem.file}:{problem.line}:{problem.column} {problem.code}</Text>
              {problem.fix === undefined ? null : <Text span size="sm" c="dimmed" display="block">{problem.fix}</Text>}
              {problem.text === undefined || problem.text === '' ? null : <span className={classes.line}>{problem.text.trim()}</span>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Tests({ tests }: { tests: CheckReport['tests'] }) {
  if (tests.length === 0) return <Text size="sm" c="dimmed" p="md">There is no test. A file whose name ends with _test.rego holds tests: rules whose names begin with test_.</Text>;
  return (
    <ul className={classes.found} aria-label="Tests">
      {tests.map(({ name, file, passed, message, duration_us }) => (
        <li key={`${file} ${name}`} style={{ display: 'grid', gridTemplateColumns: '22px minmax(0, 1fr)', padding: '5px 16px' }}>
          {passed ? <IconCircleCheck size={15} data-tone="ok" aria-label="Passed" /> : <IconCircleX size={15} data-tone="bad" aria-label="Failed" />}
          <span>
            {name} <Text span size="xs" c="dimmed">{file}, {formatMicros(duration_us)}</Text>
            {message == null || message === '' ? null : <span className={classes.line} style={{ whiteSpace: 'pre-wrap' }}>{message}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Coverage({ report }: { report: CheckReport }) {
  const untested = untestedFiles(report);
  if (report.coverage === null) return <Text size="sm" c="dimmed" p="md">Coverage is measured when the tests have run.</Text>;
  return (
    <Text size="sm" p="md" component="div">
      The tests evaluate {formatPercent(report.coverage.percent)} of the lines that can be evaluated. A bar beside a line tells which: whole where a test evaluates it, broken where none does.
      {untested.length === 0 ? null : <ul style={{ margin: '6px 0 0', paddingLeft: 18 }}>{untested.map(({ path, ranges }) => <li key={path}><code>{path}</code>: no test for {ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1] ? 'line' : 'lines'} {stretchesInWords(ranges)}</li>)}</ul>}
    </Text>
  );
}

function formatPercent(percent: number): string {
  return `${Math.round(percent * 10) / 10} %`;
}
