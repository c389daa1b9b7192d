import { judge, measure } from '../judge';
import type { Verdict } from '../row';
import type { RowResult } from '../run';
import { reportPage } from './page';
import { axis } from './plot';
import type { Report } from './report';
import { rowText } from './terminal';

const measures = { Rollcall: measure([{ p50: 0.5 }, { p50: 0.7 }]), '<P1>': measure([{ p50: 90 }, { p50: 110 }]) };
const verdict: Verdict = {
  ...{ label: 'p50 & more', unit: 'ms', figure: 'p50', ours: 'Rollcall', theirs: '<P1>' },
  ...{ bar: { kind: 'times', least: 120 } },
};
const rest = { notes: ['A note.'], seconds: 1, repeats: 2 };
const results: RowResult[] = [
  { ...rest, id: 'map', what: 'the map', state: 'measured', measures, judgements: [judge(verdict, measures)] },
  { ...rest, id: 'dcs', what: 'far away', state: 'not available', reason: 'Later.', measures: {}, judgements: [] },
];
const report: Report = {
  takenAt: '2026-01-01T00:00:00.000Z',
  machine: { cpu: 'A', cores: 2, memoryGb: 8, kernel: 'L', node: 'v20', redis: '7', loadBefore: 0 },
  scale: { quick: false, repeats: 2, connections: 10, sampleMs: 1, share: 1 },
  results,
};

describe('the page', () => {
  const page = reportPage(report);

  it('needs nothing from anywhere', () => {
    expect(page).not.toMatch(/\b(src|href)="(?!#)/);
    expect(page).not.toMatch(/<script|@import|url\(/);
  });

  it('shows each row, its verdict and its samples', () => {
    expect(page).toContain('the map');
    expect(page).toContain('≥ 120×');
    expect(page).toContain('met');
    expect(page.match(/<circle/g)).toHaveLength(4);
    expect(page).toContain('not available: Later.');
  });

  it('takes names for text', () => {
    expect(page).toContain('&lt;P1&gt;');
    expect(page).not.toContain('<P1>');
    expect(page).toContain('p50 &amp; more');
  });
});

describe('the table on the terminal', () => {
  it('has a line for each verdict', () => {
    const text = rowText(results[0] as RowResult);
    expect(text).toMatch(/p50 & more +0\.6 ms \(Rollcall\) +100 ms \(<P1>\) +167× +≥ 120× +met/);
  });

  it('says why there are no figures', () => {
    expect(rowText(results[1] as RowResult)).toBe('dcs: far away\n  not available: Later.\n');
  });
});

describe('an axis', () => {
  it('begins at nothing for values that lie together', () => {
    const x = axis([2, 4]);
    expect(x(2) - x(0)).toBeCloseTo(x(4) - x(2));
  });

  it('is logarithmic for values that lie apart', () => {
    const x = axis([1, 100]);
    expect(x(10) - x(1)).toBeCloseTo(x(100) - x(10));
    expect(x(1)).toBeGreaterThan(axis([])(1));
  });
});
