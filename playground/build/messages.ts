/** Owns the sections of docs/messages.md: which messages of the policy each is about, and where it stands. */

import GithubSlugger from "github-slugger";

export interface Section {
  /** The message; `…` stands for a name, a path or a value. */
  message: string;
  /** The section's fragment on GitHub. */
  fragment: string;
}

const HEADING = /^#{1,6} +(.*)$/;

export function sectionsOf(markdown: string): Section[] {
  const slugger = new GithubSlugger();
  return markdown.split("\n").flatMap((line) => {
    const heading = HEADING.exec(line)?.[1];
    if (heading === undefined) return [];
    const fragment = slugger.slug(heading.replaceAll("`", ""));
    const message = /^`(.*)`$/.exec(heading)?.[1];
    return message === undefined ? [] : [{ message, fragment }];
  });
}
