import type { Report } from './report';

export function reportPage(report: Report): string {
  return `<pre>${JSON.stringify(report)}</pre>`;
}
