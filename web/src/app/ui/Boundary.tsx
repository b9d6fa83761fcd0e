import { Component, type ReactNode } from 'react';

interface Props {
  readonly message: string;
  readonly action: string;
  readonly children: ReactNode;
}

/** Where a part of the page breaks, the rest of it goes on, and a word stands in its place. React reports the error itself. */
export class Boundary extends Component<Props, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <div className="state" role="alert">
        <p>{this.props.message}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          {this.props.action}
        </button>
      </div>
    );
  }
}
