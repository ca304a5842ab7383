/** Chromium with WebGL in software, so that figures do not depend on a graphics card. */
import { type Browser, chromium, type Page } from 'playwright-core';

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });

/** A page of its own cache, that notes blocks of its main thread. */
export async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const blocks: number[] = [];
    Reflect.set(window, 'blocks', blocks);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) blocks.push(duration);
    }).observe({ type: 'longtask', buffered: true });
  });
  return page;
}

/** Blocks of 50 ms and more since the page began; the longest, or 0. */
export const longestBlockMs = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, ...(Reflect.get(window, 'blocks') as number[])));

/** When the page noted something, in ms since it was asked for. */
export const markMs = (page: Page, name: string): Promise<number> =>
  page.evaluate((wanted) => performance.getEntriesByName(wanted)[0]?.startTime ?? Number.NaN, name);
