import { endless } from "../tests/endless.ts";
import { expect, pod, test } from "./playground.ts";

/** A pod of more than one megabyte. */
function largePod(): string {
  const variables = Array.from(
    { length: 13_000 },
    (_, index) => `    - name: VARIABLE_${index}\n      value: "${"x".repeat(40)}"\n`,
  );
  return pod("", `    env:\n${variables.join("")}`);
}

test("a megabyte of YAML has an answer, and the page stays alive", async ({ page, playground }) => {
  test.slow();
  await playground.open();
  await expect(playground.title).toHaveText(/^Accepted/);
  const text = largePod();
  expect(text.length).toBeGreaterThan(1024 * 1024);
  await page.evaluate(() => {
    const beats = { last: performance.now(), longest: 0 };
    Object.assign(window, { beats });
    const beat = () => {
      const now = performance.now();
      beats.longest = Math.max(beats.longest, now - beats.last);
      beats.last = now;
      requestAnimationFrame(beat);
    };
    beat();
  });
  await playground.paste(playground.object, text);
  await expect(page.locator("#command")).toContainText("VARIABLE_12999");
  await expect(playground.title).toHaveText(/^Accepted/);
  const longest = await page.evaluate(() => (window as unknown as { beats: { longest: number } }).beats.longest);
  expect(longest).toBeLessThan(2000);
});

test("a policy that does not answer is stopped", async ({ page, playground }) => {
  await page.route("**/*.wasm", (route) =>
    route.fulfill({ contentType: "application/wasm", body: Buffer.from(endless()) }),
  );
  await playground.open();
  await expect(playground.title).toHaveText("No answer");
  await expect(playground.message).toHaveText("Stopped after 10 seconds. Change the input to try again.");
  await playground.object.focus();
  await page.keyboard.type("# still here ");
  await expect(playground.object).toContainText("# still here apiVersion: v1");
});

test.describe("without the policy", () => {
  test.use({ expectedErrors: /status of 404/ });

  test("the page says so", async ({ page, playground }) => {
    await page.route("**/*.wasm", (route) => route.fulfill({ status: 404 }));
    await playground.open();
    await expect(playground.message).toHaveText("The policy could not be loaded: the server answered 404");
  });
});

test.describe("offline", () => {
  test.use({ serviceWorkers: "allow", expectedErrors: /ERR_INTERNET_DISCONNECTED/ });

  test("the page works once it was loaded", async ({ page, playground, context }) => {
    await playground.open();
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await context.setOffline(true);
    await page.reload();
    await expect(playground.title).toHaveText(/^Accepted/);
    await playground.example("A misspelt annotation (rejected)");
    await expect(playground.title).toHaveText("Rejected");
  });
});
