import type { CanonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import type { ContentTexts } from '@countersign/connectors/gateway/content-parameters.ts';
import type { Prepared } from '@countersign/connectors/sdk/connector.ts';

/** As an approval keeps it, sealed. */
export interface QuestionPreview {
  readonly preview: Prepared['preview'];
  readonly target: CanonicalAction['target'];
  readonly content: ContentTexts;
}

const VALUE_LENGTH = 300;

/**
 * What a person is shown of a write that was sent, where nobody had to approve it before: its parameters as they were sent, since what the
 * connector prepared is not kept. Free texts stand as their digest there and are shown beside.
 */
export function previewOfAction(action: CanonicalAction, content: ContentTexts): QuestionPreview {
  return {
    preview: {
      title: action.target === null ? action.action : `${action.action} on ${action.target.label}`,
      fields: Object.entries(action.parameters).map(([name, value]) => ({ name, label: name, before: '', after: shown(value) })),
      additions: Object.entries(content).map(([label, text]) => ({ label, text })),
    },
    target: action.target, content,
  };
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= VALUE_LENGTH ? text : `${text.slice(0, VALUE_LENGTH)}…`;
}
