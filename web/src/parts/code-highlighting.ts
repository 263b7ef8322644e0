import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { tags } from '@lezer/highlight';

const COLOURS = {
  light: { key: '#3645ae', text: '#1a6b3c', number: '#8a4b00', word: '#a02a6a', note: '#635f58' },
  dark: { key: '#a3aef3', text: '#8fd6a8', number: '#f0b866', word: '#f2a3cd', note: '#9ea3b0' },
};

const STYLES = { light: style('light'), dark: style('dark') };

/** Few colours, each of at least 4.5:1 on the panel's surface. */
export function codeHighlighting(scheme: 'light' | 'dark') {
  return syntaxHighlighting(STYLES[scheme]);
}

function style(scheme: 'light' | 'dark'): HighlightStyle {
  const { key, text, number, word, note } = COLOURS[scheme];
  return HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: key },
    { tag: [tags.string, tags.special(tags.string)], color: text },
    { tag: [tags.number], color: number },
    { tag: [tags.bool, tags.null, tags.keyword], color: word },
    { tag: [tags.comment, tags.meta], color: note },
  ]);
}
