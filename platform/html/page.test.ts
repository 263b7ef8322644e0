import { expect, it } from 'vitest';
import { renderPage } from './page.ts';

const hostile = '<script>alert(1)</script>" onload=\'x\' &amp; \u202eabc\u200b\u0000';

it('shows whatever it is given as text', () => {
  const html = Buffer.from(renderPage({
    title: hostile, summary: hostile,
    sections: [{ heading: hostile, text: [hostile], table: { headings: [hostile], rows: [[hostile, { code: hostile }]], empty: hostile }, commands: [hostile] }, { heading: 'h', table: { headings: [], rows: [], empty: hostile } }],
  })).toString();
  expect(html).not.toContain('<script');
  expect(html).not.toMatch(/<[^>]*onload/);
  for (const unseen of ['\u202e', '\u200b', '\u0000']) expect(html).not.toContain(unseen);
  expect(html.match(/&#60;script&#62;/g)).toHaveLength(11);
});

it('fetches nothing and runs nothing, by its own policy', () => {
  const html = Buffer.from(renderPage({ title: 't', summary: 's', sections: [] })).toString();
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(html).not.toMatch(/https?:|src=|href=|url\(|@import/);
});
