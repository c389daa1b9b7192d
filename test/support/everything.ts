/** Nothing is left out, and nothing cut short: `npm run test:all`. */
export const EVERYTHING = process.env.ROLLCALL_ALL === '1';
