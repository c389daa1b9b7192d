/* `npm run bench`: rows in, a table, and `bench/results.json`, `results.md` and `report.html` out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, readArguments, USAGE } from './arguments';
import { describeMachine } from './measure/machine';
import { Processes } from './processes/processes';
import { markdown } from './report/markdown';
import { reportPage } from './report/page';
import type { Report } from './report/report';
import { machineText, rowText } from './report/terminal';
import type { Scale } from './row';
import { GROUPS } from './rows/groups';
import { type RowResult, runGroups } from './run';

const ROOT = join(__dirname, '../../../..');
const OUT = join(ROOT, 'bench');

const FULL: Scale = { quick: false, repeats: 5, connections: 10_000, sampleMs: 3000, share: 1 };
const QUICK: Scale = { quick: true, repeats: 1, connections: 2000, sampleMs: 500, share: 0.1 };

/** Three minutes less what a build takes on a busy machine; what has begun by then gets a little more. */
const QUICK_TIME = { untilMs: 125_000, endsMs: 140_000 };

/** Half a day: whatever happens, it ends. */
const FULL_TIME = { untilMs: 6 * 3_600_000, endsMs: 12 * 3_600_000 };

function scaleOf({ quick, repeats }: Arguments): Scale {
  const scale = quick ? QUICK : FULL;
  return { ...scale, repeats: repeats ?? scale.repeats };
}

function write(report: Report): void {
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(OUT, 'results.md'), markdown(report));
  writeFileSync(join(OUT, 'report.html'), reportPage(report));
}

async function main(): Promise<void> {
  const rows = GROUPS.flatMap((group) => group(FULL, new Processes()));
  const asked = readArguments(
    process.argv.slice(2),
    rows.map(({ id }) => id),
  );
  if (asked.list) {
    for (const { id, what } of rows) console.log(`${id.padEnd(16)} ${what}`);
    return;
  }
  const scale = scaleOf(asked);
  const takenAt = new Date().toISOString();
  const sofar: RowResult[] = [];
  const machine = describeMachine();
  console.log(`${machineText(machine)}\n`);
  if (asked.quick) {
    console.log(`Quick: ${scale.connections} connections instead of ${FULL.connections}, short samples, few repeats.`);
    console.log('Ratios are smaller than at full size, and noise is larger: the bars are not meant for this.\n');
  }
  const results = await runGroups(GROUPS, {
    scale,
    only: asked.only,
    ...(asked.quick ? QUICK_TIME : FULL_TIME),
    onRow: ({ id }) => process.stderr.isTTY && process.stderr.write(`… ${id}\r`),
    onResult: (result) => {
      console.log(rowText(result));
      // With each row: what was measured stays if the run is cut short.
      sofar.push(result);
      write({ takenAt, machine, scale, results: sofar });
    },
  });
  console.log(
    `Written: results.json, results.md and report.html in bench/, after ${(performance.now() / 1000).toFixed(0)} s.`,
  );
  if (results.some(({ state }) => state === 'failed')) process.exitCode = 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.error(USAGE);
    process.exit(2);
  },
);
