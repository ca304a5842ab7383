/** Opens a node in the view that shows it. */
export type OpenNode = (view: string, id: string) => void;
