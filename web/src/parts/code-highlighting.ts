import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { tags } from '@lezer/highlight';

/** Few colours, each of at least 4.5:1 on the panel's surface in either scheme (the variables are the theme's). */
const STYLE = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.function(tags.variableName)], color: 'var(--cs-code-key)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--cs-code-text)' },
  { tag: [tags.number], color: 'var(--cs-code-number)' },
  { tag: [tags.bool, tags.null, tags.atom, tags.keyword], color: 'var(--cs-code-word)' },
  { tag: [tags.comment, tags.meta], color: 'var(--cs-code-note)' },
]);

export const codeHighlighting = syntaxHighlighting(STYLE);
