/* JSON put together from ready pieces, to be copied once at the end. */

type Push = (parts: Buffer[]) => void;

const COMMA = Buffer.from(',');
const OPEN_OBJECT = Buffer.from('{');
const CLOSE_OBJECT = Buffer.from('}');
const OPEN_LIST = Buffer.from('[');
const CLOSE_LIST = Buffer.from(']');

/** The members of an object, one after another. */
export class JsonMembers {
  private readonly parts: Buffer[] = [OPEN_OBJECT];

  /** A whole member, `"key":value`. */
  push(member: string): void {
    this.separate();
    this.parts.push(Buffer.from(member));
  }

  /** A member that is a list; `push` adds what is in it. */
  pushList(key: string, push: Push): void {
    this.separate();
    this.parts.push(Buffer.from(`${JSON.stringify(key)}:[`));
    push(this.parts);
    this.parts.push(CLOSE_LIST);
  }

  /** Any number of members, none too, with commas between them. */
  pushMany(push: Push): void {
    const members: Buffer[] = [];
    push(members);
    if (members.length === 0) return;
    this.separate();
    for (const member of members) this.parts.push(member);
  }

  /** The object, in parts. Nothing can be added any more. */
  end(): readonly Buffer[] {
    this.parts.push(CLOSE_OBJECT);
    return this.parts;
  }

  private separate(): void {
    if (this.parts.length > 1) this.parts.push(COMMA);
  }
}

/** A JSON array of what `push` adds. */
export function listOf(push: Push): Buffer {
  const parts = [OPEN_LIST];
  push(parts);
  parts.push(CLOSE_LIST);
  return Buffer.concat(parts);
}
