export { Button, type ButtonKind, type ButtonProps, IconButton } from './button.tsx';
export { Chart, type ChartProps, type Line, Sparkline, type SparklineProps } from './chart.tsx';
export { classNames } from './class-names.ts';
export { type ConfirmOptions, ConfirmProvider, useConfirm } from './confirm.tsx';
export { Dialog, type DialogProps } from './dialog.tsx';
export { Checkbox, type Choice, Segments, Select, TextArea, TextField } from './field.tsx';
export {
  formatAgo,
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRate,
  formatTime,
} from './format.ts';
export { Icon, type IconName } from './icon.tsx';
export { Facts, Page, Panel, type Tab, Tabs } from './panel.tsx';
export { EmptyState, ErrorState, Loading, sentence } from './state.tsx';
export { Badge, Meter, type MeterPart, Progress, Status, type Tone } from './status.tsx';
export { type Column, type Sorting, Table, type TableProps } from './table.tsx';
export { ToastProvider, type Toasts, useToasts } from './toast.tsx';
export { useNow } from './use-now.ts';
