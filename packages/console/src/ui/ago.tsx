import { formatAgo, formatTime } from './format.ts';
import { useNow } from './use-now.ts';

const minuteMs = 60_000;
const everyMs = 5_000;

/** How long ago something was; the exact time when the pointer rests on it. */
export function Ago({ atMs }: { readonly atMs: number }) {
  const nowMs = useNow(everyMs);
  const agoMs = nowMs - atMs;
  // Beyond a minute, seconds would only flicker.
  const rounded = agoMs > minuteMs ? Math.floor(agoMs / minuteMs) * minuteMs : agoMs;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatTime(atMs)}>
      {formatAgo(nowMs - rounded, nowMs)}
    </time>
  );
}
