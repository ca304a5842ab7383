export type RunEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'deposed'; readonly term: number }
  | { readonly kind: 'failed'; readonly error: unknown };
