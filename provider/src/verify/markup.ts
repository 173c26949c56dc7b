/**
 * A string as content or attribute of HTML or XML. These four suffice there (no attribute here is in single quotes); a
 * library for them would be longer than they are.
 */
export function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
