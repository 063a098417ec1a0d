import { defineConfig } from "@playwright/test";

const chromium = process.env.CHROMIUM;
if (!chromium) throw new Error("name the Chromium to test with in CHROMIUM");

const address = "http://127.0.0.1:4173/";

export default defineConfig({
  testDir: "e2e",
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  reporter: "list",
  // A busy machine may take its time.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  use: {
    baseURL: address,
    // Answers of the test must not be kept by the page.
    serviceWorkers: "block",
    launchOptions: { executablePath: chromium },
    permissions: ["clipboard-read", "clipboard-write"],
  },
  webServer: {
    command: "npm run --silent preview -- --host 127.0.0.1 --port 4173 --strictPort",
    url: address,
    reuseExistingServer: false,
  },
});
