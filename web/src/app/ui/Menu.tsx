import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { Icon, type IconName } from './Icon';

export interface MenuEntry {
  readonly icon?: IconName;
  readonly label: string;
  readonly danger?: boolean;
  readonly checked?: boolean;
  readonly onChoose: () => void;
}

interface Props {
  readonly label: string;
  readonly entries: readonly (MenuEntry | false | undefined)[];
  readonly button?: ReactNode;
  readonly className?: string;
}

/** A button that opens a list of actions: arrows move in it, Esc and a click beside it close it. */
export function Menu({ label, entries, button, className = 'icon-button' }: Props) {
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState('');
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];

  // Below and to the left, but where that leaves the pane or what scrolls.
  useLayoutEffect(() => {
    const list = root.current!.querySelector('.menu-list')?.getBoundingClientRect();
    if (!list) return;
    const button = opener.current!.getBoundingClientRect();
    const bounds = (selector: string) => (root.current!.closest(selector) ?? document.body).getBoundingClientRect();
    const { top, bottom } = bounds('.scroll, .pane');
    const isLeft = button.right - list.width < bounds('.pane').left;
    const isUp = button.bottom + list.height > bottom && button.top - list.height > top;
    setPlace(`${isLeft ? 'left' : ''} ${isUp ? 'up' : ''}`);
  }, [open]);

  useEffect(() => {
    if (!open) return;
    items()[0]?.focus();
    const beside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', beside);
    return () => document.removeEventListener('pointerdown', beside);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      all[(move + all.length) % all.length]?.focus();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
      opener.current?.focus();
    } else if (event.key === 'Tab') {
      setOpen(false);
    }
  };

  return (
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        ref={opener}
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {button ?? <Icon name="more" />}
      </button>
      {open && (
        <div className={`menu-list ${place}`} role="menu" aria-label={label}>
          {entries.map(
            (entry) =>
              entry && (
                <button
                  type="button"
                  key={entry.label}
                  className={`menu-item${entry.danger ? ' danger' : ''}`}
                  role={entry.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
                  aria-checked={entry.checked}
                  tabIndex={-1}
                  onClick={() => {
                    setOpen(false);
                    opener.current?.focus();
                    entry.onChoose();
                  }}
                >
                  {entry.checked === undefined ? (
                    entry.icon && <Icon name={entry.icon} size={18} />
                  ) : (
                    <span className={entry.checked ? '' : 'unchecked'}>
                      <Icon name="check" size={18} />
                    </span>
                  )}
                  <span className="clip">{entry.label}</span>
                </button>
              ),
          )}
        </div>
      )}
    </div>
  );
}
