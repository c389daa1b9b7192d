import { NameIndex, type UserDetails } from '@rollcall/roster';

/** Finds an app's users by what is laid down of them, without a look at each. */
export class UserIndex {
  readonly usernames = new NameIndex();
  readonly bots = new Set<string>();

  /** What is laid down of the user from now on; `undefined`: nothing. */
  set(userId: string, details: UserDetails | undefined): void {
    this.usernames.set(userId, details?.username);
    if (details?.bot === true) this.bots.add(userId);
    else this.bots.delete(userId);
  }
}
