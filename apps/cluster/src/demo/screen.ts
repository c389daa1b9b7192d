/* Where the demonstration writes: a table that stays in its place on a terminal, plain lines elsewhere. */
import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Sight } from './sight';
import { short, sightKey, sightLine, tableLines } from './table';

export interface Screen {
  /** Writes lines that stay. */
  say(text: string): void;
  show(sights: readonly Sight[], troubles: readonly string[]): void;
}

/** A line for each data centre, when something about it has changed. */
export class PlainScreen implements Screen {
  private readonly shown = new Map<string, string>();

  constructor(private readonly dcs: readonly string[]) {}

  say(text: string): void {
    console.log(text);
  }

  show(sights: readonly Sight[]): void {
    for (const sight of sights) {
      const key = sightKey(sight, this.dcs);
      if (this.shown.get(sight.dc) === key) continue;
      this.shown.set(sight.dc, key);
      console.log(sightLine(sight, this.dcs));
    }
  }
}

/** The table stands above the prompt and is written over; what is said goes above the table and scrolls away. */
export class TerminalScreen implements Screen {
  private block: readonly string[] = [];

  constructor(
    private readonly dcs: readonly string[],
    private readonly prompt: Interface,
    private readonly out: NodeJS.WriteStream,
  ) {}

  say(text: string): void {
    this.redraw(`${text}\n`, this.block);
  }

  show(sights: readonly Sight[], troubles: readonly string[]): void {
    const lines = ['', ...tableLines(sights, this.dcs), ...troubles];
    // One line for the prompt, and a table that is too long must not scroll: it could not be written over.
    this.redraw('', lines.slice(0, (this.out.rows || 24) - 2));
  }

  /** A line was entered: the cursor is one line below the prompt. */
  entered(line: string): void {
    moveCursor(this.out, 0, -1);
    this.redraw(`> ${line}\n`, this.block);
  }

  private redraw(above: string, block: readonly string[]): void {
    cursorTo(this.out, 0);
    moveCursor(this.out, 0, -this.block.length);
    clearScreenDown(this.out);
    // Nor must a line wrap. Some terminals do not tell their size.
    this.block = block.map((line) => short(line, (this.out.columns || 80) - 1));
    this.out.write(above + this.block.map((line) => `${line}\n`).join(''));
    this.prompt.prompt(true);
  }
}
