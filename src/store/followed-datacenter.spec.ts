import { MemoryUserDirectory, type PodSeen } from '@rollcall/roster';
import type { Apps } from '../auth/apps.service';
import type { Config } from '../config/config';
import { FollowedDatacenter } from './followed-datacenter';
import type { OtherDatacenter } from './stores';

describe('Another data centre whose pods were all gone', () => {
  it('is looked at anew by the next question, and not shown as empty until the next beat', async () => {
    let pods: Partial<PodSeen>[] = [];
    const other = {
      dc: 'there',
      rosters: {},
      directory: new MemoryUserDirectory(),
      pods: { list: () => Promise.resolve(pods) },
    } as unknown as OtherDatacenter;
    const apps = { onReplace: () => undefined, all: [], appOf: () => undefined } as unknown as Apps;
    const followed = new FollowedDatacenter(other, apps, { beatMs: 2000, dcStaleMaxMs: 60_000 } as Config);
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

    expect(followed.lookAgain()).toBeUndefined();
    for (let beats = 0; beats < 2; beats += 1) {
      followed.beat();
      await settled();
    }
    expect(followed.nobody()).toBeDefined();
    await followed.lookAgain();
    expect(followed.nobody()).toBeDefined();
    pods = [{ instance: 'back' }];
    await followed.lookAgain();
    expect(followed.nobody()).toBeUndefined();
  });
});
