import { expect, test } from "./playground.ts";

const path = process.env.SCREENSHOT ?? "";

test.skip(!path, "a picture is taken only when SCREENSHOT names its file");
test.use({ colorScheme: "light", viewport: { width: 1280, height: 820 } });

test("the picture for the documentation", async ({ page, playground }) => {
  await playground.open();
  await expect(playground.title).toHaveText(/^Accepted/);
  await page.screenshot({ path });
});
