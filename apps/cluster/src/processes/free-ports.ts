import { createServer } from 'node:net';

/**
 * Below those that systems give to whoever connects without asking for one: what is free now could be taken by the other
 * end of any connection before it is used.
 */
const FROM = 15_000;
const TO = 32_000;

/** Ports that are free now; all are found before any is used, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
