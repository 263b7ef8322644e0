import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';

/** The path of a layer's editor. */
export function layerPath(layer: string): string {
  return `/policy/layers/${encodeURIComponent(layer)}`;
}

/** What is in force over the platform's base: the packs, and the version of each layer, the innermost last. */
export function StackView({ stack, layers }: { stack: Schemas['PolicyStack']; layers: { tenant: string; workspace: string; environment: string } | null }) {
  const versions = (['tenant', 'workspace', 'environment'] as const).map((kind) => ({ kind, version: stack[kind] }));
  return (
    <span>
      base → {stack.packs.length === 0 ? 'no pack' : stack.packs.join(', ')}
      {versions.map(({ kind, version }) => (version === null
        ? <Text key={kind} span inherit c="dimmed"> → no {kind} layer</Text>
        : <span key={kind}> → {layers === null ? kind : <Anchor component={Link} to={`${layerPath(layers[kind])}?version=${version}`}>{kind}</Anchor>} v{version}</span>))}
    </span>
  );
}
