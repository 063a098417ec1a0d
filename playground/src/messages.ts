/** Owns the way from a message of the policy to its section in docs/messages.md. */

import { sections } from "virtual:examples";

const PAGE = "https://github.com/liqo-api-access-policy/liqo-api-access-policy/blob/main/docs/messages.md";

/** The headings with the most letters of their own first: they say more. */
const PATTERNS = sections
  .map(({ message, fragment }) => {
    const parts = message.split("…").map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
    return { pattern: new RegExp(`^${parts.join("[^]*")}$`), weight: parts.join("").length, fragment };
  })
  .sort((one, other) => other.weight - one.weight);

/** The address of the section about a message; none where no heading fits. */
export function sectionAbout(message: string): string | undefined {
  const found = PATTERNS.find(({ pattern }) => pattern.test(message));
  return found && `${PAGE}#${found.fragment}`;
}
