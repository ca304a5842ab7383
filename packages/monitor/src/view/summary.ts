/** What a client is told of a node, in Scope's shape. */

export interface MetadataRow {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly priority: number;
  readonly dataType?: string;
  readonly truncate?: number;
}

export interface MetricRow {
  readonly id: string;
  readonly label: string;
  readonly format?: string;
  readonly group?: string;
  readonly value: number;
  readonly priority: number;
  /** In details only. */
  readonly samples: readonly { readonly date: string; readonly value: number }[] | null;
  readonly min: number;
  readonly max: number;
  readonly url: string;
}

export interface TableRow {
  readonly id: string;
  readonly entries: Readonly<Record<string, string>>;
}

export interface Table {
  readonly id: string;
  readonly label: string;
  readonly type: string;
  readonly columns:
    | readonly { readonly id: string; readonly label: string; readonly dataType?: string }[]
    | null;
  readonly rows: readonly TableRow[];
  /** Rows that are left out. */
  readonly truncationCount?: number;
}

export interface ParentRow {
  readonly id: string;
  readonly label: string;
  /** Id of the view that shows it. */
  readonly topologyId: string;
}

/** What flows to a node named in `adjacency`; not part of Scope's shape, and only there if asked for. */
export interface FlowRow {
  readonly id: string;
  readonly connections: number;
  readonly sentBytesPerS: number;
  readonly receivedBytesPerS: number;
}

/** What stays while nothing but measurements and connections change. */
export interface LastingSummary {
  readonly id: string;
  readonly label: string;
  readonly labelMinor: string;
  /** Nodes of one rank are drawn on one level. */
  readonly rank: string;
  readonly shape: string;
  readonly stack?: boolean;
  readonly pseudo?: boolean;
  readonly metadata?: readonly MetadataRow[];
  readonly parents?: readonly ParentRow[];
  readonly tables?: readonly Table[];
}

export interface NodeSummary extends LastingSummary {
  readonly metrics?: readonly MetricRow[];
  readonly adjacency?: readonly string[];
  readonly flows?: readonly FlowRow[];
}
