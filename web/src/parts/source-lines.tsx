import { Text } from '@mantine/core';
import classes from './source-lines.module.css';

interface Props {
  file: string;
  /** Number of the first of `lines`. */
  from: number;
  lines: readonly string[];
  /** The line that is meant. */
  marked: number;
}

/** A few lines of a source with their numbers, one of them marked: where a rule is written. Plain text, so that it needs no editor. */
export function SourceLines({ file, from, lines, marked }: Props) {
  return (
    <figure className={classes.lines}>
      <Text component="figcaption" size="xs" c="dimmed" className="mono">{file}:{marked}</Text>
      <pre tabIndex={0} aria-label={`${file} from line ${from}`}>
        {lines.map((line, place) => (
          <span key={from + place} data-marked={from + place === marked || undefined}>
            <span aria-hidden>{from + place}</span><code>{line}</code>{'\n'}
          </span>
        ))}
      </pre>
    </figure>
  );
}
