import { cloneElement, useId, type InputHTMLAttributes, type ReactElement } from 'react';

interface Props {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string;
  readonly children: ReactElement<InputHTMLAttributes<HTMLElement>>;
}

/** A labelled input with what is to be known of it below: how it should be, or what is wrong. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      {cloneElement(children, { id, 'aria-invalid': error ? true : undefined, 'aria-describedby': note ? `${id}-note` : undefined })}
      {note && (
        <span id={`${id}-note`} className={error ? 'error' : 'soft small'} role={error ? 'alert' : undefined}>
          {note}
        </span>
      )}
    </div>
  );
}
