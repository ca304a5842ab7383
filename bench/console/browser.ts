/**
 * Chromium without a graphics card, so that figures do not depend on one: pages are put together by the processor, and only
 * the graph itself is drawn through an emulated card.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu-compositing', '--enable-unsafe-swiftshader'],
  });

/** Runs in the page. */
const noteBlocks = `
  window.blocks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.blocks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
`;

/** A new window has pages of the browser's own, which take half a second of the processor. */
const windowMs = 1_500;

/** A page of its own cache, that notes blocks of its main thread. */
export async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript({ content: noteBlocks });
  await sleep(windowMs);
  return page;
}

/** Blocks of 50 ms and more since the page began; the longest, or 0. */
export const longestBlockMs = (page: Page): Promise<number> =>
  page.evaluate<number>('Math.max(0, ...window.blocks)');

/** When the page noted something, in ms since it was asked for. */
export const markMs = (page: Page, name: string): Promise<number> =>
  page.evaluate<number>(`performance.getEntriesByName(${JSON.stringify(name)})[0]?.startTime ?? NaN`);
