/* Who goes by which name. Several may go by one; they are found in the order of their ids, so the same on every pod. */
export class NameIndex {
  private readonly idsByName = new Map<string, Set<string>>();
  private readonly nameById = new Map<string, string>();

  /** The only name of that id from now on; `undefined`: it has none. */
  set(id: string, name: string | undefined): void {
    const before = this.nameById.get(id);
    if (before === name) return;
    if (before !== undefined) this.drop(id, before);
    if (name === undefined) return;
    this.nameById.set(id, name);
    const ids = this.idsByName.get(name);
    if (ids === undefined) this.idsByName.set(name, new Set([id]));
    else ids.add(id);
  }

  idsOf(name: string): string[] {
    return [...(this.idsByName.get(name) ?? [])].sort();
  }

  private drop(id: string, name: string): void {
    this.nameById.delete(id);
    const ids = this.idsByName.get(name);
    ids?.delete(id);
    if (ids?.size === 0) this.idsByName.delete(name);
  }
}
