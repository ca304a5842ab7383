import type { ViewDefinition } from './definitions.ts';
import type { ChosenOptions } from './options.ts';

/** What is asked for: a view, and what of it. */
export interface ViewRequest {
  readonly view: ViewDefinition;
  readonly options: ChosenOptions;
  /** A label by whose values the nodes are grouped, in the place of the view's own grouping. */
  readonly label?: string;
  /** In the query language; empty for all. */
  readonly query: string;
}
