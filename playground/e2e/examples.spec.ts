import { runCommand } from "../tests/runner.ts";
import { expect, test } from "./playground.ts";

const HOME = "Home mode: the pod uses the API server of the home cluster.";
const REMOTE = "Remote mode: the pod uses the API server of the foreign cluster.";
const DISABLED = "Disabled mode: the pod uses no API server.";

/** The examples, each with its verdict: title and message. */
const EXAMPLES: Record<string, [title: string, message: string | RegExp]> = {
  "A pod that Liqo has prepared": ["Accepted", HOME],
  "A plain pod (a warning)": ["Accepted, with a warning", HOME],
  "A Deployment": [
    "Accepted",
    "The Deployment is checked, not changed. Remote mode: its pods use the API server of the foreign cluster. " +
      "Nothing has to be changed.",
  ],
  "No API access (disabled mode)": ["Accepted", DISABLED],
  "Remote mode, another ServiceAccount": ["Accepted", REMOTE],
  "A step of an Argo workflow": ["Accepted, with a warning", HOME],
  "With Istio's sidecar": ["Accepted, with a warning", HOME],
  "With its own KUBERNETES_SERVICE_HOST": ["Accepted, with a warning", HOME],
  "One of many home clusters": ["Accepted", HOME],
  "A misspelt annotation (rejected)": ["Rejected", /^metadata\.annotations\["/],
  "A Deployment with a bad annotation (rejected)": ["Rejected", /^spec\.template\.metadata\.annotations\["/],
};

test("the examples are these", async ({ page, playground }) => {
  await playground.open();
  expect(await page.getByLabel("Example", { exact: true }).locator("option").allTextContents()).toEqual(
    Object.keys(EXAMPLES),
  );
  await expect(page.getByLabel("Example", { exact: true }).locator("option:checked")).toHaveText(
    "A pod that Liqo has prepared",
  );
});

test("the command that is shown gives the same answer", async ({ page, playground }) => {
  test.slow();
  await playground.open();
  for (const [example, [title, message]] of Object.entries(EXAMPLES)) {
    await test.step(example, async () => {
      await playground.example(example);
      await expect(playground.title).toHaveText(title);
      await expect(playground.message).toHaveText(message);
      const native = await runCommand((await page.locator("#command").textContent()) ?? "");
      const keys = await page.locator("#audit-list dt").allTextContents();
      const values = await page.locator("#audit-list dd").allTextContents();
      const warnings = await page.locator("#warning-list li").allTextContents();
      expect({
        allowed: title !== "Rejected",
        message: title === "Rejected" ? await playground.message.textContent() : undefined,
        patch: JSON.parse((await page.locator("#patch").textContent()) || "[]"),
        auditAnnotations: Object.fromEntries(keys.map((key, index) => [key, values[index]])),
        warnings: warnings.map((text) => text.replace(/ What to do$/, "")),
      }).toEqual(native);
    });
  }
});

test("the version, the size and the time are shown", async ({ page, playground }) => {
  await playground.open();
  const footer = ((await page.getByRole("contentinfo").textContent()) ?? "").replaceAll(/\s+/g, " ").trim();
  expect(footer).toMatch(/^Evaluated in \d+\.\d ms by liqo-api-access-policy v\d+\.\d+\.\d+, \d+ kB$/);
});
