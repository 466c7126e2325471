/** Finds a member's own text inside a JSON object, because JSON.parse rounds what a double cannot hold. */

/** valueEnd returns the index behind the value that starts at `at`. The text is known to parse. */
function valueEnd(text: string, at: number): number {
  let depth = 0;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') at = stringEnd(text, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if (depth > 0 && (char === "}" || char === "]")) depth--;
    else if (depth === 0 && (char === "," || char === "}")) break;
  }
  return at;
}

function stringEnd(text: string, at: number): number {
  for (at++; text.charAt(at) !== '"'; at++) {
    if (text.charAt(at) === "\\") at++;
  }
  return at + 1;
}

/** memberText returns the source text of a top-level member, or undefined. The object must have been parsed before. */
export function memberText(object: string, name: string): string | undefined {
  let at = object.indexOf("{") + 1;
  while (at < object.length) {
    const start = object.indexOf('"', at);
    if (start < 0) return undefined;
    const end = stringEnd(object, start);
    const value = object.indexOf(":", end) + 1;
    const next = valueEnd(object, value);
    if (JSON.parse(object.slice(start, end)) === name) return object.slice(value, next).trim();
    at = next + 1;
  }
  return undefined;
}
