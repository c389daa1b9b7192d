/* As little of a browser tab as the protocol allows, for crowds: it enters one channel, and leaves without a word. */
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { stopAfterTest } from './teardown';

const ENTER_WITHIN_MS = 60_000;

export interface LightTab {
  /** Cuts the connection off, as a proxy does that is started anew. */
  cut(): void;
}

class HandshakeRefused extends Error {
  /** What it was told to wait, if it was. */
  get retryInMs(): number | undefined {
    return (JSON.parse(this.message.slice(2)) as { data?: { retryInMs?: number } }).data?.retryInMs;
  }
}

/** The same, for one that comes again whenever it is told to; `onRefused` hears of it. */
export async function enterPatiently(
  enter: () => Promise<LightTab>,
  onRefused: (retryInMs: number) => void,
): Promise<LightTab> {
  for (;;) {
    try {
      return await enter();
    } catch (error) {
      const retryInMs = error instanceof HandshakeRefused ? error.retryInMs : undefined;
      if (retryInMs === undefined) throw error;
      onRefused(retryInMs);
      await sleep(retryInMs);
    }
  }
}

/** Resolves when it is a member of the channel. */
export function enterLightly(port: number, auth: object, channel: string): Promise<LightTab> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
    headers: { host: 'localhost' },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('It did not get in in time.')), ENTER_WITHIN_MS);
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text === '2') socket.send('3');
      else if (text.startsWith('0')) socket.send(`40${JSON.stringify(auth)}`);
      else if (text.startsWith('44')) {
        clearTimeout(timer);
        socket.terminate();
        reject(new HandshakeRefused(text));
      } else if (text.startsWith('40')) socket.send(`420${JSON.stringify(['channel:join', { channel }])}`);
      else if (text.startsWith('430')) {
        clearTimeout(timer);
        if (text.includes('"ok":true')) resolve({ cut: () => socket.terminate() });
        else reject(new Error(text));
      }
    });
  });
}

/** So many of them, `atOnce` at a time; cut off after the test. */
export async function enterCrowd(
  count: number,
  enter: (n: number) => Promise<LightTab>,
  atOnce = 100,
): Promise<LightTab[]> {
  const tabs: LightTab[] = [];
  stopAfterTest(() => {
    for (const tab of tabs) tab.cut();
  });
  let next = 0;
  const enterOn = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) tabs[n] = await enter(n);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, enterOn));
  return tabs;
}
