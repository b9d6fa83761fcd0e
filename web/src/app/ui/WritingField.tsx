import { useLayoutEffect, useRef, type KeyboardEvent, type Ref } from 'react';

interface Props {
  readonly ref?: Ref<HTMLTextAreaElement>;
  readonly value: string;
  readonly label: string;
  readonly maxLength: number;
  readonly autoFocus?: boolean;
  readonly onChange: (text: string) => void;
  readonly onSend: () => void;
  readonly onEscape?: () => void;
  readonly onBlur?: () => void;
}

/** Where there is a keyboard, Enter sends and Shift+Enter begins a line; where fingers type, Enter begins a line. */
export const hasKeyboard = matchMedia('(hover: hover) and (pointer: fine)').matches;

/** A field that grows with its text up to a third of the window, and sends it by Enter. */
export function WritingField({ ref, value, label, maxLength, autoFocus, onChange, onSend, onEscape, onBlur }: Props) {
  const own = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const field = own.current!;
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight + 2, innerHeight / 3)}px`;
  }, [value]);

  const onKeyDown = (event: KeyboardEvent) => {
    // While a Korean syllable is being put together, Enter belongs to it.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape' && onEscape) {
      event.stopPropagation();
      onEscape();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || (hasKeyboard && !event.shiftKey))) {
      event.preventDefault();
      onSend();
    }
  };
  return (
    <textarea
      ref={(field) => {
        own.current = field;
        if (typeof ref === 'function') ref(field);
        else if (ref) ref.current = field;
      }}
      className="input"
      rows={1}
      value={value}
      maxLength={maxLength}
      autoFocus={autoFocus}
      aria-label={label}
      placeholder={label}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={onBlur}
    />
  );
}
