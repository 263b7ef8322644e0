import { posix } from 'node:path';
import { lineAt, type RepoFile, type Violation } from '../tree.ts';

/** Links inside the repository lead somewhere: the file is there, and so is the heading. */
export function docLinks(files: readonly RepoFile[], paths: ReadonlySet<string>): Violation[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const folders = new Set([...paths].flatMap(foldersOf));
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      linksIn(text).flatMap(({ target, line }) => {
        const [file = '', anchor] = target.split('#');
        const wanted = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), decodeURI(file))).replace(/\/$/, '');
        if (!paths.has(wanted) && !folders.has(wanted)) return [{ rule: 'doc-links', path, line, message: `"${target}" leads to no file` }];
        if (anchor === undefined || anchor === '' || !wanted.endsWith('.md')) return [];
        return headingsOf(texts.get(wanted) ?? '').includes(anchor) ? [] : [{ rule: 'doc-links', path, line, message: `"${target}" leads to no heading` }];
      }),
    );
}

/** Links and images to places in the repository; code is no prose. */
function linksIn(text: string): { target: string; line: number }[] {
  const prose = text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, ' '));
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)]
    .map((match) => ({ target: match[1] ?? '', line: lineAt(prose, match.index) }))
    .filter(({ target }) => !/^[a-z][a-z0-9+.-]*:/i.test(target) && !target.startsWith('/'));
}

/** Anchors as GitHub makes them of headings. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#{1,6} +(.+?) *$/gm)].map((match) =>
    (match[1] ?? '').toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replace(/ /g, '-'),
  );
}

function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_part, count) => parts.slice(0, count).join('/')).filter((folder) => folder !== '');
}
