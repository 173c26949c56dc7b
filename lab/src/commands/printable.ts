/**
 * A text as a line of a terminal may show it: tags may hold line ends, escape sequences and marks that turn the writing
 * round.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`,
  );
}
