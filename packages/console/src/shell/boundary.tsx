import { Component, type ReactNode } from 'react';
import { ErrorState } from '../ui/index.ts';

interface State {
  readonly error: unknown;
}

/** A page that fails is replaced by what went wrong; the rest goes on. */
export class Boundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return <ErrorState error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
  }
}
