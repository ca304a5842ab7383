export { Ago } from './ago.tsx';
export { Button, IconButton } from './button.tsx';
export { Chart, Sparkline } from './chart.tsx';
export { classNames } from './class-names.ts';
export { ConfirmProvider, useConfirm } from './confirm.tsx';
export { Dialog } from './dialog.tsx';
export { Checkbox, type Choice, Segments, Select, TextField } from './field.tsx';
export { FormDialog } from './form-dialog.tsx';
export {
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRate,
  formatTime,
} from './format.ts';
export { Icon, type IconName } from './icon.tsx';
export { Notice } from './notice.tsx';
export { Columns, Facts, Page, Panel, Stack, type Tab, Tabs } from './panel.tsx';
export { Snippet } from './snippet.tsx';
export { EmptyState, ErrorState, Loading, sentence } from './state.tsx';
export { Badge, Meter, Progress, Status, type Tone } from './status.tsx';
export { type Column, Table } from './table.tsx';
export { ToastProvider, useToasts } from './toast.tsx';
export { useNow } from './use-now.ts';
