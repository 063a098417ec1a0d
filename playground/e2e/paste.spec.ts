import { readFileSync } from "node:fs";
import { inRoot } from "../tests/runner.ts";
import { expect, pod, test } from "./playground.ts";

const MISSPELT = pod("liqo.io/api-server-support: Remote").replace("name: web\n", "name: misspelt\n");
const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: front}\n";

/** Objects as `kubectl get -o json` prints them. */
const listOf = (...items: object[]) => JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 4);

test("a whole namespace is checked in one paste", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, [SERVICE, pod(), MISSPELT].join("---\n"));
  const objects = page.getByRole("region", { name: "Objects" });
  await expect(objects.getByRole("button")).toHaveText([
    "–Service frontnot a pod or workload",
    "✓Pod webaccepted",
    "✕Pod misspeltrejected",
  ]);
  await expect(page.locator("#objects-summary")).toHaveText("1 accepted, 1 rejected, 1 not a pod or workload");
  await expect(playground.title).toHaveText("Accepted");
  await objects.getByRole("button", { name: "misspelt" }).click();
  await expect(playground.title).toHaveText("Rejected");
  await expect(objects.getByRole("button", { name: "misspelt" })).toBeFocused();
  await expect(objects.getByRole("button", { name: "misspelt" })).toHaveAttribute("aria-current", "true");
  await objects.getByRole("button", { name: "front" }).click();
  await expect(playground.title).toHaveText("Not a pod or workload");
  await playground.paste(playground.object, pod());
  await expect(objects).toBeHidden();
});

test("a stored pod is read as kubectl prints it", async ({ page, playground }) => {
  await playground.open();
  const recorded = (name: string) => JSON.parse(readFileSync(inRoot(`test_data/requests/${name}.json`), "utf8")).object;
  const stored = { ...recorded("plain-web"), status: { phase: "Running" } };
  await playground.paste(playground.object, listOf(stored, recorded("deployment"), recorded("prometheus")));
  await expect(page.getByRole("region", { name: "Objects" }).getByRole("button")).toHaveCount(3);
  await expect(playground.title).toHaveText("Accepted");
  await expect(page.getByRole("textbox", { name: "Before and after the policy" })).not.toContainText("managedFields");
});

test("a pasted manifest brings its settings and selectors", async ({ page, playground }) => {
  await playground.open();
  const manifest = readFileSync(inRoot("examples/remote-only.yaml"), "utf8");
  await playground.paste(playground.object, `${manifest}---\n${pod("liqo.io/api-server-support: remote")}`);
  await expect(playground.title).toHaveText("Rejected");
  await expect(page.getByText("Taken from the manifest that was pasted.")).toBeVisible();
  await expect(page.locator("#selection")).toHaveText("The policy liqo-api-access-milan applies to it.");
  await expect(page.getByLabel("Manifest", { exact: true }).locator("option:checked")).toHaveText("Your own");
  await playground.openSettings("What pods may do");
  await expect(page.getByLabel("defaultMode")).toHaveValue("remote");
  await page.getByLabel("allowedRemoteServiceAccounts").fill("default");
  await expect(playground.title).toHaveText("Accepted");
  await playground.as("As pasted");
  await expect(page.locator("#selection")).toHaveText(
    "The policy liqo-api-access-milan does not apply to it: the Pod lacks the label offloading.liqo.io/origin: milan.",
  );
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByLabel("Manifest", { exact: true }).locator("option:checked")).toHaveText(
    "one-home-cluster.yaml",
  );
});

test("whether the policy would be asked is told, and what is missing", async ({ page, playground }) => {
  await playground.open();
  const selection = page.locator("#selection");
  await expect(selection).toHaveText("The policy liqo-api-access-milan applies to it.");
  await page.getByLabel("Manifest", { exact: true }).selectOption("opt-in.yaml");
  await expect(selection).toHaveText(
    "The policy liqo-api-access-milan does not apply to it: the Namespace liqo-demo lacks the label api-access.example.org/enabled: true.",
  );
  const namespace = await playground.textOf(playground.namespace);
  const labelled = namespace.replace("labels:\n", 'labels:\n    api-access.example.org/enabled: "true"\n');
  await playground.paste(playground.namespace, labelled);
  await expect(selection).toHaveText("The policy liqo-api-access-milan applies to it.");
  await page.getByLabel("Manifest", { exact: true }).selectOption("settings.yaml");
  await expect(selection).toBeHidden();
});

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
      - name: web
        image: web:1
`;

test("a Deployment shows its pods, in three ways", async ({ page, playground }) => {
  await playground.open();
  await page.getByLabel("Manifest", { exact: true }).selectOption("settings.yaml");
  await playground.paste(playground.object, DEPLOYMENT);
  await playground.as("As Liqo makes it");
  const checked = "The Deployment is checked, not changed.";
  await expect(playground.title).toHaveText("Accepted");
  await expect(playground.message).toHaveText(`${checked} Home mode: its pods use the API server of the home cluster.`);
  const change = page.locator("#verdict-change");
  await expect(change).toHaveText("Changed: 8 variables in 1 container, 5 names of the API server.");
  await expect(page.locator("#way")).toHaveText(/^As Liqo's virtual kubelet prepares a pod of the cluster milan/);
  await expect(page.getByRole("textbox", { name: "Before and after the policy" })).toContainText(
    "api.milan.example.org",
  );

  await playground.as("As the API server sends it");
  await expect(playground.title).toHaveText("Rejected");
  await expect(playground.message).toHaveText(/^metadata\.name: expected a name/);

  await playground.as("As pasted");
  await expect(playground.title).toHaveText("Accepted");
  await expect(playground.message).toHaveText(`${checked.slice(0, -1)}: the policy changes the pods that it makes.`);
  await expect(page.getByRole("region", { name: "What changes" })).toBeHidden();

  const annotated = DEPLOYMENT.replace(
    "  namespace",
    "  annotations: {liqo.io/api-server-support: remote}\n  namespace",
  );
  await playground.paste(playground.object, annotated);
  await expect(playground.title).toHaveText("Accepted, with a warning");
  await expect(page.locator("#verdict")).toHaveClass("verdict warn");
});

test("the picture shows who talks to whom with whose token", async ({ page, playground }) => {
  await playground.open();
  const picture = page.getByRole("img");
  await expect(picture).toHaveAccessibleName(
    "The pod catalog-7c9d8b6f5-x2x8k uses the API server of the home cluster milan, api.milan.example.org:6443, " +
      "with the token from Secret catalog-7c9d8b6f5-x2x8k-token.",
  );
  await playground.example("Remote mode, another ServiceAccount");
  await expect(picture).toHaveAccessibleName(
    /^The pod \S+ uses the API server of the foreign cluster, with the token of ServiceAccount foreign-reporter\.$/,
  );
  await playground.example("No API access (disabled mode)");
  await expect(picture).toHaveAccessibleName(/^The pod \S+ uses no API server: it has no token\.$/);
});

test("warnings and rejections lead to what to do", async ({ page, playground }) => {
  await playground.open();
  const messages = /\/docs\/messages\.md#[-a-z]/;
  await playground.example("A plain pod (a warning)");
  await expect(page.locator("#warning-list a")).toHaveAttribute("href", messages);
  await expect(page.locator("#verdict-link")).toBeHidden();
  await playground.example("A misspelt annotation (rejected)");
  await expect(page.getByRole("link", { name: "What to do" })).toHaveAttribute("href", messages);
});
