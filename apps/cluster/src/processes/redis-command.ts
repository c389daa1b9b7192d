import { connect } from 'node:net';

/**
 * One command over a connection of its own; its answer as the protocol writes it. Redis is spoken to seldom here
 * (settings, the slow log, a flush), so this is done without a client.
 */
export function redisCommand(port: number, ...words: readonly string[]): Promise<string> {
  const lines = [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word])];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    // The goodbye makes Redis close when it has said everything.
    socket.on('end', () => resolve(answer.replace(/\+OK\r\n$/, '') || '+OK'));
    socket.write(`${lines.join('\r\n')}\r\n*1\r\n$4\r\nQUIT\r\n`);
  });
}
