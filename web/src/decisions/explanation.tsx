import { Text } from '@mantine/core';
import type { Schemas } from '../api/client.ts';
import { SourceLines } from '../parts/source-lines.tsx';
import classes from './decisions.module.css';

type Explained = Schemas['DecisionExplanation'];

/** The rules behind a decision with their own lines; beneath them those that spoke in shadow mode and did not bind. */
export function Explanation({ explain }: { explain: Explained }) {
  return (
    <>
      {explain.message === null ? null : <Text size="sm" px="md" pt="sm" c="dimmed">{explain.message}</Text>}
      <Reasons reasons={explain.reasons} />
      {explain.unbound.length === 0 ? null : (
        <>
          <Text size="sm" fw={600} px="md" pt="xs">In shadow mode: spoke, and did not bind</Text>
          <Reasons reasons={explain.unbound} />
        </>
      )}
    </>
  );
}

function Reasons({ reasons }: { reasons: Explained['reasons'] }) {
  return (
    <ol className={classes.reasons}>
      {reasons.map(({ rule, message, layer, file, line, lines }) => (
        <li key={`${rule} ${message}`}>
          <div><strong>{message}</strong></div>
          <Text size="xs" c="dimmed">Rule <code>{rule}</code>{layer === 'decision_point' ? ', of the decision point itself' : `, of the layer ${layer}`}</Text>
          {file === null || line === null || lines.length === 0 ? null : <SourceLines file={file} from={lines[0]?.line ?? line} lines={lines.map(({ text }) => text)} marked={line} />}
        </li>
      ))}
    </ol>
  );
}
