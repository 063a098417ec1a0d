import { runCommand } from "../tests/runner.ts";
import { expect, test } from "./playground.ts";

const HOME = "Mode home: the pod talks to the API server of its home cluster.";
const REMOTE = "Mode remote: the pod talks to the API server of the foreign cluster.";
const DISABLED = "Mode disabled: the pod talks to no API server.";

/** The examples, each with the mode that an accepted pod is in. */
const EXAMPLES = {
  "A plain pod": HOME,
  "No API access (disabled)": DISABLED,
  "Remote, with another ServiceAccount": REMOTE,
  "A step of an Argo workflow": HOME,
  "With Istio's sidecar": HOME,
  "With its own KUBERNETES_SERVICE_HOST": HOME,
  "One of many home clusters": HOME,
  "A misspelt annotation (rejected)": undefined,
  "A Deployment with a bad annotation (rejected)": undefined,
};

test("the examples are these", async ({ page, playground }) => {
  await playground.open();
  expect(await page.getByLabel("Example").locator("option").allTextContents()).toEqual(Object.keys(EXAMPLES));
});

for (const [title, mode] of Object.entries(EXAMPLES)) {
  test(`${title}: the command that is shown gives the same answer`, async ({ page, playground }) => {
    await playground.open();
    await playground.example(title);
    await expect(playground.title).toHaveText(mode ? /^Accepted, with \d+ changes$/ : "Rejected");
    await expect(playground.message).toHaveText(mode ?? /^(spec\.template\.)?metadata\.annotations\["/);

    const command = (await page.locator("#command").textContent()) ?? "";
    const native = await runCommand(command);
    const message = (await playground.message.textContent()) ?? "";
    const keys = await page.locator("#audit-list dt").allTextContents();
    const values = await page.locator("#audit-list dd").allTextContents();
    expect({
      allowed: mode !== undefined,
      message: mode ? undefined : message,
      patch: JSON.parse((await page.locator("#patch").textContent()) || "[]"),
      auditAnnotations: Object.fromEntries(keys.map((key, index) => [key, values[index]])),
      warnings: await page.locator("#warning-list li").allTextContents(),
    }).toEqual(native);
    if (mode) await expect(playground.title).toHaveText(`Accepted, with ${native.patch.length} changes`);
  });
}

test("the version, the size and the time are shown", async ({ page, playground }) => {
  await playground.open();
  const footer = ((await page.getByRole("contentinfo").textContent()) ?? "").replaceAll(/\s+/g, " ").trim();
  expect(footer).toMatch(/^Evaluated in \d+\.\d ms by liqo-api-access-policy v\d+\.\d+\.\d+, \d+ kB$/);
});
