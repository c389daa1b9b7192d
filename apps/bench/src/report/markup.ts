const NAMES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as HTML and SVG may hold it, in attributes too. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => NAMES[character] ?? '');
