import '@xyflow/react/dist/style.css';
import dagre from '@dagrejs/dagre';
import { useComputedColorScheme } from '@mantine/core';
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeProps } from '@xyflow/react';
import { useMemo } from 'react';
import { StateBadge } from './state-badge.tsx';
import type { StateLook } from './state-look.ts';
import classes from './step-graph.module.css';

export interface GraphStep {
  key: string;
  uses: string;
  needs: readonly string[];
  state?: { name: string; look: StateLook };
}

type StepNode = Node<{ step: GraphStep }, 'step'>;

const NODE = { width: 220, height: 84 };
const nodeTypes = { step: StepBox };

/** The steps as a graph, to look at. It is not the only way to the information: a list of the same steps goes with it. */
export function StepGraph({ steps, height = 380 }: { steps: readonly GraphStep[]; height?: number }) {
  const scheme = useComputedColorScheme('light');
  const { nodes, edges } = useMemo(() => layOut(steps), [steps]);
  return (
    <div className={classes.canvas} style={{ height }} role="group" aria-label={describe(steps)}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={scheme}
        fitView
        fitViewOptions={{ padding: 0.2, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        proOptions={{ hideAttribution: false }}
      >
        <Background gap={20} color="var(--cs-line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function StepBox({ data: { step } }: NodeProps<StepNode>) {
  return (
    <div className={classes.node} data-tone={step.state?.look.tone}>
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <strong>{step.key}</strong>
      <div className={classes.uses}>{step.uses}</div>
      {step.state === undefined ? null : <StateBadge state={step.state.name} look={step.state.look} />}
      <Handle type="source" position={Position.Right} className={classes.handle} />
    </div>
  );
}

function layOut(steps: readonly GraphStep[]): { nodes: StepNode[]; edges: Edge[] } {
  const graph = new dagre.graphlib.Graph().setGraph({ rankdir: 'LR', nodesep: 28, ranksep: 70 }).setDefaultEdgeLabel(() => ({}));
  const known = new Set(steps.map(({ key }) => key));
  const pairs = steps.flatMap(({ key, needs }) => needs.filter((need) => known.has(need)).map((need) => [need, key] as const));
  for (const { key } of steps) graph.setNode(key, { ...NODE });
  for (const [from, to] of pairs) graph.setEdge(from, to);
  dagre.layout(graph);
  return {
    nodes: steps.map((step) => {
      const { x, y } = graph.node(step.key);
      return { id: step.key, type: 'step', position: { x: x - NODE.width / 2, y: y - NODE.height / 2 }, data: { step } };
    }),
    edges: pairs.map(([source, target]) => ({ id: `${source} ${target}`, source, target, markerEnd: { type: MarkerType.ArrowClosed, color: 'var(--cs-line-strong)' }, style: { stroke: 'var(--cs-line-strong)', strokeWidth: 1.5 } })),
  };
}

function describe(steps: readonly GraphStep[]): string {
  return `Graph of ${steps.length} steps: ${steps.map(({ key, needs, state }) => `${key}${state === undefined ? '' : ` ${state.name}`}${needs.length === 0 ? '' : ` after ${needs.join(' and ')}`}`).join('; ')}`;
}
