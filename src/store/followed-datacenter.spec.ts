import { MemoryUserDirectory, type PodSeen } from '@rollcall/roster';
import type { Apps } from '../auth/apps.service';
import type { Config } from '../config/config';
import { FollowedDatacenter } from './followed-datacenter';
import type { OtherDatacenter } from './stores';

function follow(directory: MemoryUserDirectory, list: () => Partial<PodSeen>[]): FollowedDatacenter {
  const pods = { list: () => Promise.resolve(list()) };
  const other = { dc: 'there', rosters: {}, directory, pods } as unknown as OtherDatacenter;
  const apps = { onReplace: () => undefined, all: [], appOf: () => undefined } as unknown as Apps;
  return new FollowedDatacenter(other, apps, { beatMs: 2000, dcStaleMaxMs: 60_000 } as Config);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Another data centre', () => {
  it('has its revoked ids forgotten here, too, when their tokens have expired', async () => {
    const directory = new MemoryUserDirectory();
    await directory.revokeToken('app', 'gone', Date.now() - 1, 10);
    await directory.revokeToken('app', 'kept', Date.now() + 60_000, 10);
    const followed = follow(directory, () => []);
    expect(directory.revokedTokens('app').has('gone')).toBe(true);
    followed.beat();
    await settled();
    expect(['gone', 'kept'].map((jti) => directory.revokedTokens('app').has(jti))).toEqual([false, true]);
  });
});

describe('Another data centre whose pods were all gone', () => {
  it('is looked at anew by the next question, and not shown as empty until the next beat', async () => {
    let pods: Partial<PodSeen>[] = [];
    const followed = follow(new MemoryUserDirectory(), () => pods);

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
