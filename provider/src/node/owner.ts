/**
 * Whose a node is: the stack and the component that bring parts there. The id decides, and stays when a stack is
 * renamed; the name is for people.
 */
export interface Owner {
  /** `dev/joined`: printable ASCII, blanks inside only. */
  readonly name: string;
  /** Letters and digits, 8 to 64, of lower case. */
  readonly id: string;
}

const OWNER = /^([!-~](?:[ -~]{0,198}[!-~])?) ([a-z0-9]{8,64})$/;

/** Reads `dev/joined 3f9a1c2b`: the last word is the id. @throws RangeError */
export function parseOwner(text: string): Owner {
  const [, name, id] = OWNER.exec(text) ?? [];
  if (name === undefined || id === undefined)
    throw new RangeError(
      `owner ${JSON.stringify(text)} must be a name of up to 200 printable ASCII characters, a blank, and an id of 8 to 64 lower case letters and digits`,
    );
  return { name, id };
}

/** The same as text, which is what a node keeps. A name's other characters become "?", as names of stacks have any. @throws RangeError */
export function formatOwner({ name, id }: Owner): string {
  const printable = name
    .replaceAll(/[^ -~]/gu, "?")
    .slice(0, 200)
    .trim();
  const text = `${printable} ${id}`;
  parseOwner(text);
  return text;
}
