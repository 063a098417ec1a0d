import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sectionsOf } from "../build/messages.ts";
import { sectionAbout } from "../src/messages.ts";
import { inRoot } from "./runner.ts";

const markdown = readFileSync(inRoot("docs/messages.md"), "utf8");
const fragments = new Set(sectionsOf(markdown).map(({ fragment }) => fragment));

/** Every message and warning that the policy's own tests have recorded. */
const recorded = new Set(
  readdirSync(inRoot("test_data/outcomes"))
    .filter((name) => name.endsWith(".snap"))
    .flatMap((name) => readFileSync(inRoot(`test_data/outcomes/${name}`), "utf8").split("\n"))
    .flatMap((line) => /^(?:message|warning): (.*)$/.exec(line)?.[1] ?? []),
);

test("there are messages to look up", () => {
  expect(recorded.size).toBeGreaterThan(5);
});

test.each([...recorded])("%s: its section is there", (message) => {
  const [page, fragment] = sectionAbout(message)?.split("#") ?? [];
  expect(page).toBe("https://github.com/liqo-api-access-policy/liqo-api-access-policy/blob/main/docs/messages.md");
  expect(fragments).toContain(fragment);
});

test("the section is the one that says most", () => {
  const markdown =
    "## `…: expected …, found …`\n\n## `…: expected a list, found …`\n\n### Warnings\n\n## `…: expected …, found …`\n";
  expect(sectionsOf(markdown)).toEqual([
    { message: "…: expected …, found …", fragment: "-expected--found-" },
    { message: "…: expected a list, found …", fragment: "-expected-a-list-found-" },
    { message: "…: expected …, found …", fragment: "-expected--found--1" },
  ]);
  expect(sectionAbout("no such message")).toBeUndefined();
});
