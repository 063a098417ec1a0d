import { expect, pod, test } from "./playground.ts";

const OWN = pod("liqo.io/api-server-support: disabled");

test("a reload keeps pod, settings, Namespace and way", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, OWN);
  await playground.pasteSettings("homeClusterId: rome\nnamespaceLookup: true\n");
  const namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
  await playground.paste(playground.namespace, namespace);
  await playground.as("As pasted");
  await page.reload();
  await playground.settle();
  expect(await playground.textOf(playground.object)).toBe(OWN);
  expect(await playground.textOf(playground.namespace)).toBe(namespace);
  await playground.openSettings("All as YAML");
  expect(await playground.textOf(playground.settings)).toBe("homeClusterId: rome\nnamespaceLookup: true\n");
  await expect(page.getByLabel("As pasted")).toBeChecked();
  await expect(page.getByLabel("Example", { exact: true }).locator("option:checked")).toHaveText("Your own");
});

test("an example never takes an own text away", async ({ page, playground }) => {
  await playground.open();
  const example = page.getByLabel("Example", { exact: true });
  await expect(page.getByRole("button", { name: "Undo" })).toBeHidden();
  await playground.paste(playground.object, OWN);
  await expect(example.locator("option:checked")).toHaveText("Your own");
  await playground.example("A Deployment");
  await expect(example.locator("option:checked")).toHaveText("A Deployment");
  await page.getByRole("button", { name: "Undo" }).click();
  await playground.settle();
  expect(await playground.textOf(playground.object)).toBe(OWN);
  await expect(example.locator("option:checked")).toHaveText("Your own");

  await playground.example("A Deployment");
  await playground.paste(playground.object, pod("", "  own: 2\n"));
  await expect(example.locator("option:checked")).toHaveText("Your own");
  await page.reload();
  await playground.settle();
  await playground.example("Your own (2)");
  expect(await playground.textOf(playground.object)).toBe(OWN);
  await playground.example("Your own");
  expect(await playground.textOf(playground.object)).toBe(pod("", "  own: 2\n"));
});

test("what a link holds is no reason to forget an own text", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, OWN);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page).toHaveURL(/#2\./);
  const { hash } = new URL(page.url());
  await playground.paste(playground.object, pod("", "  own: 2\n"));
  await expect(page).toHaveURL(/^[^#]*$/);
  await playground.open(hash);
  await expect(playground.message).toHaveText(/^Disabled mode/);
  await playground.example("Your own");
  expect(await playground.textOf(playground.object)).toBe(pod("", "  own: 2\n"));
});

test("a browser that stores nothing is enough", async ({ page, playground }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    Storage.prototype.getItem = () => "{";
  });
  await playground.open();
  await playground.paste(playground.object, OWN);
  await expect(playground.message).toHaveText(/^Disabled mode/);
});
