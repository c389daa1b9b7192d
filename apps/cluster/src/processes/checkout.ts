import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const above = join(__dirname, '../../../..');

/** The checkout's folder, whether this file runs from the sources or from `dist`. */
export const CHECKOUT = existsSync(join(above, 'nest-cli.json')) ? above : dirname(above);

/** The built service. */
export const POD_MAIN = join(CHECKOUT, 'dist/src/main.js');
