import { expect, pod, test } from "./playground.ts";

/** What is wrong, the message with its line, and the text of the marked line. */
const UNREADABLE: Record<string, [text: string, message: string, line: string]> = {
  "a tab as indentation": [
    "kind: Pod\nspec:\n\tcontainers: []\n",
    "line 3: indented with a tab: use spaces",
    "\tcontainers: []",
  ],
  "a list without an end": [
    "kind: Pod\nspec: [1, 2\nmetadata: {}\n",
    "line 3: a `[` before this has no `]`",
    "metadata: {}",
  ],
  "a list item without its dash": [
    "spec:\n  containers:\n  - name: web\n    image: web:1\n  name\n",
    "line 5: the list item needs `- `",
    "  name",
  ],
  "JSON that ends too early": ['{\n"kind": "Pod",\n"spec": {', "line 3: a `{` before this has no `}`", '"spec": {'],
  "a name that stands twice": ["kind: Pod\nkind: Job\n", "line 2: this name stands twice in one object", "kind: Job"],
  "aliases that explode": [
    `a: &a [x]\n${["ab", "bc", "cd", "de"]
      .map(([before, name]) => `${name}: &${name} [${Array(10).fill(`*${before}`).join(", ")}]\n`)
      .join("")}`,
    "line 2: aliases stand for more than 1000 values",
    "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]",
  ],
  "a number that JSON does not have": [
    "kind: Pod\nspec: .inf\n",
    "line 2: .inf is a number that JSON does not have",
    "spec: .inf",
  ],
  "lists that nest too deep": ["[".repeat(2000), "line 1: nested too deep", "[".repeat(2000)],
  "no object": [
    "just text\n",
    "line 1: expected a Pod, a workload such as a Deployment, or an AdmissionReview",
    "just text",
  ],
  "a review without a request": [
    '{"apiVersion": "admission.k8s.io/v1",\n"kind": "AdmissionReview"}',
    "line 1: expected an AdmissionReview with a request",
    '{"apiVersion": "admission.k8s.io/v1",',
  ],
};

test("what cannot be read is told at its line", async ({ playground }) => {
  await playground.open();
  for (const [what, [text, message, line]] of Object.entries(UNREADABLE)) {
    await test.step(what, async () => {
      await playground.paste(playground.object, text);
      await expect(playground.title).toHaveText("This cannot be read");
      await expect(playground.message).toHaveText(message);
      await expect(playground.markedLines(playground.object)).toHaveText(line);
    });
  }
  await playground.paste(playground.object, pod());
  await expect(playground.title).toHaveText(/^Accepted/);
  await expect(playground.markedLines(playground.object)).toHaveCount(0);
});

test("settings that cannot be read are told, and the form waits", async ({ page, playground }) => {
  await playground.open();
  await playground.pasteSettings("homeApiServerPort: [\n");
  await expect(playground.title).toHaveText("This cannot be read");
  await expect(playground.message).toHaveText("settings, line 2: a `[` before this has no `]`");
  await playground.openSettings("Where the home API server is");
  await expect(page.getByLabel("homeApiServerPort")).toBeDisabled();

  await page.getByRole("button", { name: "Go to line 2 of the settings" }).click();
  await expect(playground.settings).toBeFocused();
  await playground.paste(playground.settings, "");
  await expect(playground.title).toHaveText(/^Accepted/);
  await expect(page.getByLabel("homeApiServerPort")).toBeEnabled();
});

test("a Namespace that is none is told", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, pod());
  await playground.pasteSettings("namespaceLookup: true\n");
  for (const [text, message, line] of [
    ["kind: [\n", "Namespace, line 2: a `[` before this has no `]`", ""],
    ["apiVersion: v1\nkind: Pod\n", "Namespace, line 2: expected a Namespace", "kind: Pod"],
  ] as const) {
    await playground.paste(playground.namespace, text);
    await expect(playground.title).toHaveText("This cannot be read");
    await expect(playground.message).toHaveText(message);
    await expect(playground.markedLines(playground.namespace)).toHaveText(line);
  }
  await page.getByRole("button", { name: "Go to line 2 of the Namespace" }).click();
  await expect(playground.namespace).toBeFocused();

  await playground.paste(playground.namespace, "");
  await expect(playground.message).toHaveText(
    /^request\.namespace: Namespace "shop-milan" .*Cannot find v1\/Namespace named 'shop-milan' inside of namespace 'None'; /,
  );
  await expect(playground.markedLines(playground.object)).toHaveText("  namespace: shop");
});

test("settings that the policy refuses are told at each of them", async ({ page, playground }) => {
  await playground.open();
  await playground.pasteSettings(
    "homeApiServerPort: 0\ndefaultMode: home\nallowedModes:\n- home\n- nowhere\n" +
      "homeClusters:\n  milan:\n    homeApiServerPort: none\n    homeApiServer: x\n",
  );
  await expect(playground.title).toHaveText("The policy refuses these settings");
  const marked = ["homeApiServerPort: 0", "- nowhere", "    homeApiServerPort: none", "    homeApiServer: x"];
  await expect(playground.markedLines(playground.settings)).toHaveText(marked);
  await playground.openSettings("Where the home API server is", "Which home cluster a pod comes from");
  await expect(page.locator("summary", { hasText: "Where the home API server is" })).toContainText("1 wrong");
  await expect(page.getByLabel("homeApiServerPort")).toHaveAccessibleDescription(
    /homeApiServerPort: expected a number from 1 to 65535, found 0$/,
  );
  await expect(page.getByLabel("homeClusters")).toHaveAccessibleDescription(
    /homeClusters\.milan: "homeApiServer": no such setting.*homeClusters\.milan\.homeApiServerPort: expected/,
  );
});

test("a rejection marks the line that it is about, also in a review", async ({ page, playground }) => {
  await playground.open();
  await playground.as("As the API server sends it");
  await playground.paste(playground.object, pod("", "    env: 5\n"));
  await expect(playground.title).toHaveText("Rejected");
  await expect(playground.message).toHaveText("spec.containers[0].env: expected a list, found a number");
  await expect(playground.markedLines(playground.object)).toHaveText("    env: 5");
  await page.getByRole("button", { name: "Go to line 11" }).click();
  await expect(playground.object).toBeFocused();

  const kind = { group: "", version: "v1", kind: "Pod" };
  const object = { metadata: { name: "web" }, spec: { containers: [{ name: "web", env: 5 }] } };
  const request = { uid: "1", kind, operation: "CREATE", object };
  await playground.paste(playground.object, JSON.stringify({ kind: "AdmissionReview", request }, null, 1));
  await expect(playground.message).toHaveText("spec.containers[0].env: expected a list, found a number");
  await expect(playground.markedLines(playground.object)).toHaveText('       "env": 5');
});

test("a Service is no pod, and no problem", async ({ page, playground }) => {
  await playground.open();
  await playground.paste(playground.object, "apiVersion: v1\nkind: Service\n");
  await expect(playground.title).toHaveText("Not a pod or workload");
  await expect(playground.message).toHaveText("The policy ignores Service (v1). It looks at pods and at workloads.");
  await expect(page.locator("#verdict")).toHaveClass("verdict calm");
});

test("nothing is no problem", async ({ playground }) => {
  await playground.open();
  await playground.paste(playground.object, "");
  await expect(playground.title).toHaveText("Nothing to look at");
});
