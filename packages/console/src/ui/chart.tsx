/** Lines over time, on a canvas. */
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { token, useTheme } from '../theme/theme.ts';
import styles from './chart.module.css';
import { formatTime } from './format.ts';

export interface Line {
  readonly label: string;
  /** A token of the theme, such as `--accent`. */
  readonly colour?: string;
  /** One for each time; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** Says what is shown, also to who cannot see it. */
  readonly label: string;
  readonly timesMs: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The top at least; the bottom is 0. */
  readonly max?: number;
  readonly height?: number;
}

interface Surface extends ChartProps {
  readonly width: number;
  /** Without axes. */
  readonly bare: boolean;
}

/** Between two times below a chart: none stands there twice. */
const stepsS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 604_800,
];

/** As times are written everywhere else, as exact as the axis is wide. */
const timeLabels = (
  _plot: uPlot,
  splits: readonly number[],
  _axis: number,
  _spacePx: number,
  stepS: number,
): string[] =>
  splits.map((atS) => {
    const text = formatTime(atS * 1_000);
    return stepS < 60 ? text.slice(11) : stepS < 86_400 ? text.slice(11, 16) : text.slice(5, 10);
  });

function optionsOf({ lines, format, max = 0, height = 140, width, bare }: Surface): uPlot.Options {
  const axis = {
    stroke: token('--text-3'),
    font: '11px "Inter Variable", sans-serif',
    ticks: { show: false },
  };
  const grid = { stroke: token('--line'), width: 1 };
  return {
    width,
    height,
    padding: bare ? [2, 0, 2, 0] : [8, 8, 0, 0],
    legend: { show: !bare && lines.length > 1 },
    cursor: { show: !bare, drag: { x: false, y: false }, points: { size: 5 } },
    scales: {
      x: { time: true },
      y: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, max, 1e-9) * 1.05] },
    },
    axes: bare
      ? [{ show: false }, { show: false }]
      : [
          { ...axis, grid: { show: false }, size: 26, space: 64, incrs: stepsS, values: timeLabels },
          { ...axis, grid, size: 62, values: (_plot, splits) => splits.map(format) },
        ],
    series: [
      { value: (_plot: uPlot, atS: number | null) => (atS === null ? 'latest' : formatTime(atS * 1_000)) },
      ...lines.map(({ label, colour = '--accent' }) => ({
        label,
        stroke: token(colour),
        width: 1.5,
        fill: lines.length === 1 ? `${token(colour)}22` : undefined,
        points: { show: false },
        value: (plot: uPlot, value: number | null, index: number, at: number | null) => {
          // Where nothing is pointed at, the latest is told.
          const told = at === null ? plot.data[index]?.at(-1) : value;
          return told === null || told === undefined ? '–' : format(told);
        },
      })),
    ] as uPlot.Series[],
  };
}

const dataOf = ({ timesMs, lines }: ChartProps): uPlot.AlignedData => [
  timesMs.map((timeMs) => timeMs / 1_000),
  ...lines.map(({ values }) => [...values]),
];

function usePlot(props: ChartProps, bare: boolean) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const theme = useTheme();
  const latest = useRef(props);
  latest.current = props;
  const shape = props.lines.map(({ label, colour }) => `${label} ${colour}`).join('\n');
  // Made anew when what is drawn changes its kind, not when there are new values.
  // biome-ignore lint/correctness/useExhaustiveDependencies: theme and shape stand for what is read through `latest`
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const width = Math.max(40, element.clientWidth);
    const made = new uPlot(optionsOf({ ...latest.current, width, bare }), dataOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({
        width: Math.max(40, element.clientWidth),
        height: latest.current.height ?? made.height,
      }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [theme, shape, bare]);
  const { timesMs, lines } = props;
  useEffect(() => {
    plot.current?.setData(dataOf({ timesMs, lines } as ChartProps));
  }, [timesMs, lines]);
  return frame;
}

function describe({ label, lines, format }: ChartProps): string {
  const last = lines.map(({ label: name, values }) => {
    const value = values.findLast((each) => each !== null);
    return `${name} ${value === undefined || value === null ? 'unknown' : format(value)}`;
  });
  return `${label}: ${last.join(', ')}`;
}

export function Chart(props: ChartProps) {
  const frame = usePlot(props, false);
  return <div ref={frame} className={styles.chart} role="img" aria-label={describe(props)} />;
}

export interface SparklineProps {
  readonly label: string;
  readonly timesMs: readonly number[];
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
  readonly max?: number;
  readonly colour?: string;
  readonly height?: number;
}

export function Sparkline({ values, colour, height = 32, ...rest }: SparklineProps) {
  const { label } = rest;
  const lines = useMemo(
    () => [{ label, values, ...(colour === undefined ? {} : { colour }) }],
    [label, values, colour],
  );
  const props = { ...rest, lines, height };
  const frame = usePlot(props, true);
  return <div ref={frame} className={styles.spark} role="img" aria-label={describe(props)} />;
}
