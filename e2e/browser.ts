/** A real Chromium, as people use it; what it shows can be kept as pictures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
/** For whatever is clicked, filled or waited for, unless a test says otherwise: machines are busy. */
const timeoutMs = 60_000;
const pictureFolder = fileURLToPath(new URL('../out/console', import.meta.url));

export interface ConsoleBrowser {
  readonly page: Page;
  /** What the page's own scripts failed with; a test expects none. */
  readonly failures: readonly string[];
  /** Keeps a picture below `out/console`. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly url: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

export async function openConsole({
  url,
  colorScheme = 'light',
  viewport = { width: 1280, height: 800 },
}: BrowserOptions): Promise<ConsoleBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath,
    timeout: timeoutMs,
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
  const page = await browser.newPage({ colorScheme, viewport: { ...viewport } });
  page.setDefaultTimeout(timeoutMs);
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(`${message.text()} ${message.location().url}`);
  });
  await page.goto(url);
  return {
    page,
    failures,
    async picture(name) {
      await mkdir(pictureFolder, { recursive: true });
      await page.screenshot({ path: join(pictureFolder, `${name}.png`) });
    },
    close: () => browser.close(),
  };
}
